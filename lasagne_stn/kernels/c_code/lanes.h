// Vectors of lanes: as many numbers as the processor computes at a time.
//
// These are the compiler's own vector types, so one source serves AVX-512, AVX2, SSE
// and NEON; only the number of lanes differs. A wider vector than the processor's would
// also compile, but runs several times slower.
#ifndef STN_LANES_H
#define STN_LANES_H

#include <cstddef>
#include <cstdint>

#ifndef STN_VECTOR_BYTES
#if defined(__AVX512F__)
#define STN_VECTOR_BYTES 64
#elif defined(__AVX__)
#define STN_VECTOR_BYTES 32
#else
#define STN_VECTOR_BYTES 16
#endif
#endif

#define STN_INLINE inline __attribute__((always_inline))

namespace stn {

template <typename T>
struct IntegerOf;  // of the same size
template <>
struct IntegerOf<float> {
  typedef int32_t type;
};
template <>
struct IntegerOf<double> {
  typedef int64_t type;
};

template <typename T>
struct Lanes {
  enum { COUNT = STN_VECTOR_BYTES / sizeof(T) };
  typedef typename IntegerOf<T>::type Integer;
  typedef T Vector __attribute__((vector_size(STN_VECTOR_BYTES)));
  typedef Integer Integers __attribute__((vector_size(STN_VECTOR_BYTES)));
  typedef uint16_t Shorts __attribute__((vector_size(2 * COUNT)));
  // The same at any address.
  typedef T LooseVector
      __attribute__((vector_size(STN_VECTOR_BYTES), aligned(sizeof(T)), may_alias));
  typedef Integer LooseIntegers
      __attribute__((vector_size(STN_VECTOR_BYTES), aligned(sizeof(T)), may_alias));
  typedef uint16_t LooseShorts
      __attribute__((vector_size(2 * COUNT), aligned(2), may_alias));

  static STN_INLINE Vector load(const T* from) {
    return *reinterpret_cast<const LooseVector*>(from);
  }
  static STN_INLINE void store(T* to, Vector value) {
    *reinterpret_cast<LooseVector*>(to) = value;
  }
  static STN_INLINE Integers load_integers(const Integer* from) {
    return *reinterpret_cast<const LooseIntegers*>(from);
  }
  static STN_INLINE void store_integers(Integer* to, Integers value) {
    *reinterpret_cast<LooseIntegers*>(to) = value;
  }
  static STN_INLINE Vector all(T value) { return value - Vector{}; }
  static STN_INLINE Integers all_integers(Integer value) { return value - Integers{}; }

  static STN_INLINE Integers load_shorts(const uint16_t* from) {
    return __builtin_convertvector(Shorts(*reinterpret_cast<const LooseShorts*>(from)),
                                   Integers);
  }
  static STN_INLINE void store_shorts(uint16_t* to, Integers value) {
    *reinterpret_cast<LooseShorts*>(to) = __builtin_convertvector(value, Shorts);
  }
};

}  // namespace stn

#endif  // STN_LANES_H
