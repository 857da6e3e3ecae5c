// Preloaded: a library that cannot be torn down. Another thread may still be in one when the program ends.
#include <stdlib.h>

__attribute__((destructor)) static void end(void) { abort(); }
