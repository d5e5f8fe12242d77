// zlib, for the compressed members of .npz archives.
#include <zlib.h>
