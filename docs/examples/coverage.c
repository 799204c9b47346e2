/*
 * Tells gunyah-rm fuzz which code ran. Compile this file without, and the program with
 *   clang -fsanitize-coverage=trace-pc-guard,trace-cmp
 * or the program with afl-clang-fast and this file with -DAFL. Call print_coverage() before each "ok".
 */
#include <stdint.h>
#include <stdio.h>
#ifdef AFL
extern uint8_t *__afl_area_ptr; /* one byte for each edge, which counts */
extern uint32_t __afl_final_loc;
#define EDGES __afl_final_loc
#define TAKE(edge) (__afl_area_ptr[edge] ? (__afl_area_ptr[edge] = 0, 1) : 0)
#else
static uint32_t edges;
static uint8_t reached[1 << 20];
void __sanitizer_cov_trace_pc_guard_init(uint32_t *guard, uint32_t *end) {
  if (*guard == 0)
    while (guard < end) *guard++ = edges++ % sizeof reached;
}
void __sanitizer_cov_trace_pc_guard(uint32_t *guard) { reached[*guard] = 1; }
#define EDGES edges
#define TAKE(edge) (reached[edge] ? (reached[edge] = 0, 1) : 0)
/* Constants that something was compared with go into the dictionary, each of them once. */
static uint64_t compared[1 << 12];
static void constant(uint64_t value) {
  uint64_t *slot = &compared[value * 0x9e3779b97f4a7c15 >> 52];
  if (*slot != value) printf("cmp %llu\n", (unsigned long long)(*slot = value));
}
void __sanitizer_cov_trace_const_cmp2(uint16_t value, uint16_t other) { (void)other, constant(value); }
void __sanitizer_cov_trace_const_cmp4(uint32_t value, uint32_t other) { (void)other, constant(value); }
#endif

void print_coverage(void) {
  printf("cov ");
  for (uint32_t edge = 0; edge < EDGES; edge += 8) {
    unsigned byte = 0;
    for (uint32_t bit = 0; bit < 8 && edge + bit < EDGES; bit++) byte |= (unsigned)TAKE(edge + bit) << bit;
    printf("%02x", byte);
  }
  printf("\n");
}
