/* What the standard library would need for ThreadSanitizer. It comes compiled for no sanitizer, so that of its locks only the parts that
   are inlined are seen, and its fences, which the sanitizer takes no notice of, stay where they would be loads. Here the rest is told, for
   whatever orders two threads in the documentation of each; `.ci/sanitize` gives the names, and puts these in their place (`ld --wrap`).

   Arc: it counts down with Release and has an Acquire fence for the last owner only, who acquires here. */
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

extern void __tsan_acquire(void *place);
extern void __tsan_release(void *place);

enum { relaxed, consume, acquire, release, acq_rel, seq_cst };

extern uint64_t REAL(__tsan_atomic64_fetch_sub)(volatile uint64_t *place, uint64_t value, int order);
uint64_t WRAP(__tsan_atomic64_fetch_sub)(volatile uint64_t *place, uint64_t value, int order) {
  uint64_t before = REAL(__tsan_atomic64_fetch_sub)(place, value, order);
  if (order == release && before == value) __tsan_acquire((void *)place);
  return before;
}

extern void REAL(MUTEX_LOCK)(void *mutex);
void WRAP(MUTEX_LOCK)(void *mutex) {
  REAL(MUTEX_LOCK)(mutex);
  __tsan_acquire(mutex);
}

extern void REAL(CONDVAR_WAIT)(void *condvar, void *mutex);
void WRAP(CONDVAR_WAIT)(void *condvar, void *mutex) {
  __tsan_release(mutex);
  REAL(CONDVAR_WAIT)(condvar, mutex);
  __tsan_acquire(mutex);
}

extern bool REAL(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *mutex, uint64_t seconds, uint32_t nanos);
bool WRAP(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *mutex, uint64_t seconds, uint32_t nanos) {
  __tsan_release(mutex);
  bool woken = REAL(CONDVAR_WAIT_TIMEOUT)(condvar, mutex, seconds, nanos);
  __tsan_acquire(mutex);
  return woken;
}

extern bool REAL(BARRIER_WAIT)(void *barrier);
bool WRAP(BARRIER_WAIT)(void *barrier) {
  __tsan_release(barrier);
  bool leads = REAL(BARRIER_WAIT)(barrier);
  __tsan_acquire(barrier);
  return leads;
}

/* A `&mut dyn FnMut(&OnceState)` around the caller's, which releases what that has done. */
struct Vtable {
  void (*drop)(void *);
  uintptr_t size, align;
  void (*call_once)(void *, void *);
  void (*call_mut)(void *, void *);
};
struct Once {
  void *once, *data;
  struct Vtable *vtable;
};
static void initialise(void *data, void *state) {
  struct Once *self = data;
  self->vtable->call_mut(self->data, state);
  __tsan_release(self->once);
}
static struct Vtable initialises = {0, sizeof(struct Once), sizeof(void *), initialise, initialise};

extern void REAL(ONCE_CALL)(void *once, bool ignores_poison, void *data, struct Vtable *vtable, void *caller);
void WRAP(ONCE_CALL)(void *once, bool ignores_poison, void *data, struct Vtable *vtable, void *caller) {
  struct Once self = {once, data, vtable};
  REAL(ONCE_CALL)(once, ignores_poison, &self, &initialises, caller);
  __tsan_acquire(once);
}

/* A thread of a scope is over; the scope's owner reads the count, which is one of the first two fields.
   Of what both share (an Arc, which counts its owners two words before) the thread may be the last owner, in a function that the test
   harness has precompiled for its own threads: it is freed there without a fence that is seen. One owner more, who stays, so that nobody
   there is the last. */
extern void REAL(SCOPE_COUNT_DOWN)(void **scope, bool panicked);
void WRAP(SCOPE_COUNT_DOWN)(void **scope, bool panicked) {
  __atomic_fetch_add((uint64_t *)scope - 2, 1, __ATOMIC_RELAXED);
  __tsan_release(scope);
  __tsan_release(scope + 1);
  REAL(SCOPE_COUNT_DOWN)(scope, panicked);
}

/* What a thread knows of itself (an Arc) may have its last owner in the standard library, which the thread's handle was dropped before:
   the count is seen there, and the fence for the last owner isn't. Here too one owner more. */
extern uint64_t *REAL(THREAD_NEW)(uint64_t id, void *name);
uint64_t *WRAP(THREAD_NEW)(uint64_t id, void *name) {
  uint64_t *owners = REAL(THREAD_NEW)(id, name);
  __atomic_fetch_add(owners, 1, __ATOMIC_RELAXED);
  return owners;
}

/* The test harness, precompiled too: a test's thread takes its closure from a lock that the main thread frees, and sends its result over a
   channel, whose places the main thread reads and frees. Code with the sanitizer in it copies by other functions than these; so the main
   thread, which is the harness alone, comes after all copies by precompiled code that were made from and to the very places that it reads or
   frees. No two threads of one test are ordered by it; what outlives a test (the global pool) may seem to come before the next one. (What
   two tests' threads do with that channel is left out: `.ci/sanitize` has one test at a time.) */
static bool is_main(void) {
  static __thread enum { unknown, main_thread, other } who;
  if (who == unknown) who = syscall(SYS_gettid) == getpid() ? main_thread : other;
  return who == main_thread;
}

extern void *REAL(memcpy)(void *to, const void *from, size_t size);
void *WRAP(memcpy)(void *to, const void *from, size_t size) {
  if (is_main()) {
    __tsan_acquire((void *)from);
    return REAL(memcpy)(to, from, size);
  }
  REAL(memcpy)(to, from, size);
  __tsan_release((void *)from);
  __tsan_release(to);
  return to;
}

extern void REAL(free)(void *block);
void WRAP(free)(void *block) {
  if (block && is_main())
    for (size_t at = 0, size = malloc_usable_size(block); at < size; at += sizeof(uint64_t)) __tsan_acquire((char *)block + at);
  REAL(free)(block);
}
