/* What the standard library would need for ThreadSanitizer. It comes compiled for no sanitizer, so that of its locks only the parts that
   are inlined are seen, and its fences, which the sanitizer takes no notice of, stay where they would be loads. Here the rest is told, for
   whatever orders two threads in the documentation of each; `.ci/sanitize` gives the names, and puts these in their place (`ld --wrap`).

   Arc: it counts down with Release and has an Acquire fence for the last owner only. Here whoever counts down acquires as well, which
   orders more than the program asks for: memory orders are the model checker's business. */
#include <stdbool.h>
#include <stdint.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

extern void __tsan_acquire(void *place);
extern void __tsan_release(void *place);

enum { relaxed, consume, acquire, release, acq_rel, seq_cst };

extern uint64_t REAL(__tsan_atomic64_fetch_sub)(volatile uint64_t *place, uint64_t value, int order);
uint64_t WRAP(__tsan_atomic64_fetch_sub)(volatile uint64_t *place, uint64_t value, int order) {
  return REAL(__tsan_atomic64_fetch_sub)(place, value, order == release ? acq_rel : order);
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

/* A thread of a scope is over; the scope's owner reads the count, which is one of the first two fields. */
extern void REAL(SCOPE_COUNT_DOWN)(void **scope, bool panicked);
void WRAP(SCOPE_COUNT_DOWN)(void **scope, bool panicked) {
  __tsan_release(scope);
  __tsan_release(scope + 1);
  REAL(SCOPE_COUNT_DOWN)(scope, panicked);
}
