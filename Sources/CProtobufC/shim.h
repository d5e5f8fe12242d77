// The protobuf-c runtime, which reads and writes the protobuf wire format.
#include <protobuf-c/protobuf-c.h>
