#!/bin/sh
# The C compiler, which compiles equal files of generated packages once for a run of the tests: an
# object is kept in $KEPT_OBJECTS, by the command and by all that the file may include, which is the
# runtime for a file of the runtime, else the package. All other commands are cc's.
set -e
case " $* " in
*" -c runtime/"*" -o "*) within=runtime ;;
*" -c "[!/]*" -o "*) within=. ;;
*) exec cc "$@" ;;
esac
[ -d "$KEPT_OBJECTS" ] || exec cc "$@"
command=
for last; do
    command="$command $object"
    object=$last
done
kept=$KEPT_OBJECTS/$({
    echo "$command"
    find "$within" -name _lib -prune -o \( -name '*.[ch]' -o -path '*.images/*' \) -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum | cut -c -32).o
if [ ! -e "$kept" ]; then
    cc "$@"
    cp "$object" "$kept.$$"
    mv "$kept.$$" "$kept"
fi
cp "$kept" "$object"
