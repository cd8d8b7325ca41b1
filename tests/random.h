/* random: numbers for property tests, the same on every machine. */
#ifndef CRMX_TESTS_RANDOM_H
#define CRMX_TESTS_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

/* A seed for properties: CRMX_TEST_SEED, else fixed, so that a failure comes again. Printed by the caller on failure.
 * */
static inline uint64_t fixture_seed(void)
{
    const char *text = getenv("CRMX_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 20261031;
}

/* splitmix64: the same numbers on every machine. */
static inline uint64_t fixture_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint32_t fixture_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(fixture_random(state) % n);
}

#endif
