//! The little of CUDA's driver that the example needs, found when it runs.

use std::error::Error;
use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};

const RTLD_NOW: c_int = 2;
const RTLD_GLOBAL: c_int = 0x100;

extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A shared library, which stays in the process.
#[derive(Clone, Copy)]
pub struct Library(*mut c_void);

impl Library {
    pub fn open(path: &str) -> Result<Library, Box<dyn Error>> {
        let name = CString::new(path)?;
        let library = unsafe { dlopen(name.as_ptr(), RTLD_NOW | RTLD_GLOBAL) };
        if library.is_null() {
            return Err(format!("{path} cannot be loaded").into());
        }
        Ok(Library(library))
    }

    /// # Safety
    /// `Function` is the type of the C function of this name.
    pub unsafe fn function<Function: Copy>(self, name: &str) -> Result<Function, Box<dyn Error>> {
        let found = dlsym(self.0, CString::new(name)?.as_ptr());
        if found.is_null() {
            return Err(format!("there is no {name} in the library").into());
        }
        assert_eq!(
            std::mem::size_of::<Function>(),
            std::mem::size_of_val(&found)
        );
        Ok(std::mem::transmute_copy(&found))
    }
}

/// A GPU whose primary context is current in this thread.
pub struct Device {
    driver: Library,
}

impl Device {
    pub fn open(number: c_int) -> Result<Device, Box<dyn Error>> {
        type Retain = unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int;
        type Use = unsafe extern "C" fn(*mut c_void) -> c_int;
        let driver = Library::open("libcuda.so.1")?;
        let mut context = std::ptr::null_mut();
        unsafe {
            let start: unsafe extern "C" fn(u32) -> c_int = driver.function("cuInit")?;
            checked("cuInit", start(0))?;
            let retain: Retain = driver.function("cuDevicePrimaryCtxRetain")?;
            checked("cuDevicePrimaryCtxRetain", retain(&mut context, number))?;
            let make_current: Use = driver.function("cuCtxSetCurrent")?;
            checked("cuCtxSetCurrent", make_current(context))?;
        }
        Ok(Device { driver })
    }

    /// Memory for `count` values, all of them zero. It is freed with the process.
    pub fn zeros<T: Copy + Default>(&self, count: usize) -> Result<u64, Box<dyn Error>> {
        self.copy_of(&vec![T::default(); count])
    }

    pub fn copy_of<T: Copy>(&self, values: &[T]) -> Result<u64, Box<dyn Error>> {
        type Allocate = unsafe extern "C" fn(*mut u64, usize) -> c_int;
        type Copy = unsafe extern "C" fn(u64, *const c_void, usize) -> c_int;
        let (mut address, size) = (0, std::mem::size_of_val(values));
        unsafe {
            let allocate: Allocate = self.driver.function("cuMemAlloc_v2")?;
            checked("cuMemAlloc", allocate(&mut address, size))?;
            let copy: Copy = self.driver.function("cuMemcpyHtoD_v2")?;
            checked("cuMemcpyHtoD", copy(address, values.as_ptr().cast(), size))?;
        }
        Ok(address)
    }

    /// What the device has written, after all that was enqueued on the default stream.
    pub fn read(&self, address: u64, count: usize) -> Result<Vec<u16>, Box<dyn Error>> {
        type Copy = unsafe extern "C" fn(*mut c_void, u64, usize) -> c_int;
        let mut values = vec![0_u16; count];
        let size = std::mem::size_of_val(&values[..]);
        unsafe {
            let copy: Copy = self.driver.function("cuMemcpyDtoH_v2")?;
            checked(
                "cuMemcpyDtoH",
                copy(values.as_mut_ptr().cast(), address, size),
            )?;
        }
        Ok(values)
    }
}

fn checked(name: &str, status: c_int) -> Result<(), Box<dyn Error>> {
    match status {
        0 => Ok(()),
        _ => Err(format!("{name} failed with {status}").into()),
    }
}
