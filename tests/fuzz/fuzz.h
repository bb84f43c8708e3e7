/* The entry that libFuzzer and driver.c call; each fuzz_NAME.c defines it. */
#ifndef PD_TEST_FUZZ_H
#define PD_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise, in every build type. */
#define FUZZ_CHECK(promise)                                                                        \
    do {                                                                                           \
        if (!(promise)) {                                                                          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
