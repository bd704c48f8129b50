// Work that threads share. Which thread does what never changes a result.
#ifndef STN_THREADS_H
#define STN_THREADS_H

#include <cstddef>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace stn {

inline int thread_number() {
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

inline int most_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

// Calls a function with each number below `count`; threads share the calls.
template <typename Function>
void share_out(ptrdiff_t count, const Function& function) {
#ifdef _OPENMP
#pragma omp parallel for schedule(static)
#endif
  for (ptrdiff_t k = 0; k < count; ++k) function(k);
}

// The same with each pair of numbers below `first` and `second`.
template <typename Function>
void share_out(int first, int second, const Function& function) {
  share_out(ptrdiff_t(first) * second, [&](ptrdiff_t k) {
    function(static_cast<int>(k / second), static_cast<int>(k % second));
  });
}

}  // namespace stn

#endif  // STN_THREADS_H
