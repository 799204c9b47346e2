/*
 * Tells gunyah-rm fuzz which code ran, and how often. Compile this file without, and the program with
 *   clang -fsanitize-coverage=trace-pc-guard,trace-cmp
 * or the program with afl-clang-fast and this file with -DAFL. Call print_coverage() before each "ok", and
 * forget_coverage() at "reset".
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#define EDGES_MAX (1 << 16)
#ifdef AFL
extern uint8_t *__afl_area_ptr; /* one byte for each edge, which counts */
extern uint32_t __afl_final_loc;
#define counts __afl_area_ptr
#define edges (__afl_final_loc < EDGES_MAX ? __afl_final_loc : EDGES_MAX)
#else
static uint32_t edges;
static uint8_t counts[EDGES_MAX];
void __sanitizer_cov_trace_pc_guard_init(uint32_t *guard, uint32_t *end) {
  if (*guard == 0)
    while (guard < end && edges < EDGES_MAX) *guard++ = edges++;
}
void __sanitizer_cov_trace_pc_guard(uint32_t *guard) { counts[*guard] += counts[*guard] < 255; }
/* Constants, and what was compared with them. They wait, because the program may be in the middle of a line. */
static struct { uint64_t constant, value; } waiting[1 << 13];
static uint32_t known_in[1 << 12], seen[1 << 12], session = 1, waiting_count;
static void compared(uint64_t constant, uint64_t value) {
  uint32_t pair = (constant ^ value * 31) * 0x9e3779b97f4a7c15 >> 52, slot = constant * 0x9e3779b97f4a7c15 >> 52;
  if (constant == 0 || constant == value || known_in[pair] == session) return;
  if (seen[slot] < session * 8) seen[slot] = session * 8; /* Each constant is told with seven values in a session. */
  if (seen[slot] == session * 8 + 7) return;
  seen[slot]++, known_in[pair] = session;
  waiting[waiting_count].constant = constant, waiting[waiting_count++].value = value;
}
#define COMPARE(bytes, type) \
  void __sanitizer_cov_trace_cmp##bytes(type one, type other) { (void)one, (void)other; } \
  void __sanitizer_cov_trace_const_cmp##bytes(type constant, type value) { compared(constant, value); }
COMPARE(1, uint8_t)
COMPARE(2, uint16_t)
COMPARE(4, uint32_t)
COMPARE(8, uint64_t)
void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases) {
  for (uint64_t index = 0; index < cases[0]; index++) compared(cases[2 + index], value);
}
#endif

static uint8_t told[EDGES_MAX];

/* An edge has three numbers: it ran once, 2 or 3 times, more often. Each is told once in a session. */
void print_coverage(void) {
  int any = 0;
  for (uint32_t edge = 0; edge < edges; edge++) {
    unsigned range = (counts[edge] > 1) + (counts[edge] > 3);
    if (counts[edge] == 0 || told[edge] >> range & 1) continue;
    printf(any++ ? "%u," : "cov %u,", 3 * edge + range);
    told[edge] |= (uint8_t)(1 << range);
  }
  if (any) printf("\n");
#ifndef AFL
  if (waiting_count == 0) return;
  printf("cmp");
  while (waiting_count-- > 0)
    printf(" %llu:%llu", (unsigned long long)waiting[waiting_count].constant, (unsigned long long)waiting[waiting_count].value);
  waiting_count = 0;
  printf("\n");
#endif
}

void forget_coverage(void) {
  memset(counts, 0, edges);
  memset(told, 0, edges);
#ifndef AFL
  session++, waiting_count = 0;
#endif
}
