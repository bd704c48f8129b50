// Memory that is kept from call to call, and shared by nobody else: a compiled function
// runs under Python's global lock.
#ifndef STN_CONVOLUTION_WORKSPACE_H
#define STN_CONVOLUTION_WORKSPACE_H

#include <stdlib.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstring>
#include <new>

namespace stn {

// Grows, is aligned to huge pages, and is zero when it is new.
template <typename T>
class Buffer {
 public:
  Buffer() : data_(NULL), count_(0) {}
  ~Buffer() { free(data_); }

  // Memory for `count` numbers, whose old values may be lost.
  T* get(size_t count) {
    if (count <= count_) return data_;
    const size_t page = size_t(2) << 20;
    const size_t align = count * sizeof(T) < page / 8 ? 64 : page;
    const size_t bytes = (count * sizeof(T) + align - 1) / align * align;
    void* made = NULL;
    free(data_);
    data_ = NULL;
    count_ = 0;
    if (posix_memalign(&made, align, bytes)) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (align == page) madvise(made, bytes, MADV_HUGEPAGE);  // only a wish
#endif
    std::memset(made, 0, bytes);
    data_ = static_cast<T*>(made);
    count_ = count;
    return data_;
  }

 private:
  Buffer(const Buffer&);
  Buffer& operator=(const Buffer&);
  T* data_;
  size_t count_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_WORKSPACE_H
