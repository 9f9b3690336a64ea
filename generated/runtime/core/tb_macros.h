/* Words for functions and images that C itself has not. */
#ifndef TB_MACROS_H
#define TB_MACROS_H

#define TB_EXPORT __attribute__((visibility("default")))
/* The exported name of a function that the library itself calls by another. */
#define TB_PUBLIC_NAME(name, function)                                                             \
    extern __typeof__(name) name __attribute__((alias(#function)))
#define TB_COLD __attribute__((cold)) /* out of the way of what every call runs through */

/* Places the file `path`, found through the compiler's -I, into the library as `name`.
 * The zero byte behind it ends PTX text. */
#define TB_EMBED(name, path)                                                                       \
    __asm__(".pushsection .rodata\n"                                                               \
            ".balign 64\n" #name ":\n"                                                             \
            ".incbin \"" path "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const unsigned char name[] __attribute__((visibility("hidden")))

/* Says in the source, and in what a preprocessor makes of it, which images it embeds: no dependency
 * file has them, and so it is compiled again when they change. */
#define TB_IMAGES(digest) __asm__("/* " digest " */")

#endif
