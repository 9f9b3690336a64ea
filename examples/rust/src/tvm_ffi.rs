//! The little of TVM FFI's C interface that the example needs (tvm/ffi/c_api.h of 0.1).

use std::error::Error;
use std::os::raw::{c_char, c_int, c_void};

use crate::cuda::Library;

const INT: i32 = 1;
const OPAQUE_POINTER: i32 = 4;
const SMALL_STRING: i32 = 11;
const STRING: i32 = 65;
const FUNCTION: i32 = 68;
/// Of an object's header, behind which its own fields stand.
const HEADER: usize = 24;

/// A value as TVM FFI passes it.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Any {
    type_index: i32,
    small_length: u32,
    value: u64,
}

impl Any {
    pub fn int(value: i64) -> Any {
        Any {
            type_index: INT,
            small_length: 0,
            value: value as u64,
        }
    }

    pub fn address(value: u64) -> Any {
        Any {
            type_index: OPAQUE_POINTER,
            small_length: 0,
            value,
        }
    }
}

#[repr(C)]
struct Bytes {
    data: *const c_char,
    size: usize,
}

impl Bytes {
    fn of(text: &str) -> Bytes {
        Bytes {
            data: text.as_ptr().cast(),
            size: text.len(),
        }
    }

    unsafe fn to_text(&self) -> String {
        let bytes = std::slice::from_raw_parts(self.data.cast(), self.size);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

type GetGlobal = unsafe extern "C" fn(*const Bytes, *mut *mut c_void) -> c_int;
type Call = unsafe extern "C" fn(*mut c_void, *const Any, i32, *mut Any) -> c_int;
type TakeError = unsafe extern "C" fn(*mut *mut c_void);

/// TVM FFI in this process.
#[derive(Clone, Copy)]
pub struct TvmFfi {
    get_global: GetGlobal,
    call: Call,
    take_error: TakeError,
}

/// A function that is registered.
pub struct Function {
    ffi: TvmFfi,
    handle: *mut c_void,
}

impl TvmFfi {
    pub fn open(path: &str) -> Result<TvmFfi, Box<dyn Error>> {
        let library = Library::open(path)?;
        unsafe {
            Ok(TvmFfi {
                get_global: library.function("TVMFFIFunctionGetGlobal")?,
                call: library.function("TVMFFIFunctionCall")?,
                take_error: library.function("TVMFFIErrorMoveFromRaised")?,
            })
        }
    }

    pub fn global(self, name: &str) -> Result<Function, Box<dyn Error>> {
        let mut handle = std::ptr::null_mut();
        let status = unsafe { (self.get_global)(&Bytes::of(name), &mut handle) };
        if status != 0 || handle.is_null() {
            return Err(format!("no global function is called {name}").into());
        }
        Ok(Function { ffi: self, handle })
    }

    /// The names of all global functions.
    pub fn global_names(self) -> Result<Vec<String>, Box<dyn Error>> {
        let names = self
            .global("ffi.FunctionListGlobalNamesFunctor")?
            .call(&[])?;
        if names.type_index != FUNCTION {
            return Err("TVM FFI lists its functions in another way".into());
        }
        let names = Function {
            ffi: self,
            handle: names.value as *mut c_void,
        };
        let count = names.call(&[Any::int(-1)])?.value as i64;
        let mut found = Vec::new();
        for number in 0..count {
            found.push(text_of(&names.call(&[Any::int(number)])?)?);
        }
        found.sort();
        Ok(found)
    }
}

impl Function {
    /// The function's result; its error as a sentence.
    pub fn call(&self, arguments: &[Any]) -> Result<Any, Box<dyn Error>> {
        let mut result = Any::default();
        let count = arguments.len() as i32;
        let status =
            unsafe { (self.ffi.call)(self.handle, arguments.as_ptr(), count, &mut result) };
        if status == 0 {
            return Ok(result);
        }
        let mut error: *mut c_void = std::ptr::null_mut();
        let message = unsafe {
            (self.ffi.take_error)(&mut error);
            let fields = error.cast::<u8>().add(HEADER).cast::<Bytes>(); // the kind, the message
            (*fields.add(1)).to_text()
        };
        Err(message.into())
    }
}

fn text_of(value: &Any) -> Result<String, Box<dyn Error>> {
    match value.type_index {
        SMALL_STRING => {
            let bytes = value.value.to_ne_bytes();
            Ok(String::from_utf8_lossy(&bytes[..value.small_length as usize]).into_owned())
        }
        STRING => unsafe {
            let object = value.value as *const u8;
            Ok((*object.add(HEADER).cast::<Bytes>()).to_text())
        },
        other => Err(format!("a name has the type {other}").into()),
    }
}
