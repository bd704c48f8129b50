// Memory for large outputs, kept for the next call when an array is freed.
//
// The system hands out large memory in pages that it zeroes at the first touch. For an
// image of some megabytes that takes as long as sampling it. A training loop asks for
// the same sizes again and again, so the last few buffers are kept here.
//
// Everything runs under Python's global lock.
#ifndef STN_BUFFERS_H
#define STN_BUFFERS_H

#include <Python.h>
#include <numpy/arrayobject.h>
#include <sys/mman.h>

#include <cstdint>

namespace stn {

class Buffers {
 public:
  // Smaller arrays are left to numpy.
  static const size_t LEAST = 1 << 20;

  // A new array in C order, or NULL with a Python error set.
  static PyObject* new_array(int axes, npy_intp* shape, int type, size_t bytes) {
    Buffer* buffer = take(bytes);
    if (!buffer) return PyErr_NoMemory();
    PyObject* owner = PyCapsule_New(buffer, NULL, give_back);
    if (!owner) {
      release(buffer);
      return NULL;
    }
    PyObject* array = PyArray_New(&PyArray_Type, axes, shape, type, NULL, buffer->data,
                                  0, NPY_ARRAY_CARRAY, NULL);
    if (!array) {
      Py_DECREF(owner);
      return NULL;
    }
    if (PyArray_SetBaseObject((PyArrayObject*)array, owner) == 0) return array;
    Py_DECREF(array);  // the owner is gone already
    return NULL;
  }

 private:
  static const int MOST = 4;                    // buffers kept
  static const size_t MOST_BYTES = 256u << 20;  // in all of them
  static const size_t HUGE_PAGE = 2 << 20;

  struct Buffer {
    void *mapping, *data;  // as the system gave it, and from the first huge page on
    size_t bytes;
    Buffer* older;
  };

  static Buffer*& newest() {
    static Buffer* kept = NULL;
    return kept;
  }

  static void release(Buffer* buffer) {
    munmap(buffer->mapping, buffer->bytes + HUGE_PAGE);
    delete buffer;
  }

  // A kept buffer of that size, or a new one.
  static Buffer* take(size_t bytes) {
    for (Buffer** link = &newest(); *link; link = &(*link)->older)
      if ((*link)->bytes == bytes) {
        Buffer* found = *link;
        *link = found->older;
        return found;
      }
    void* mapping = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    const uintptr_t start = reinterpret_cast<uintptr_t>(mapping) + HUGE_PAGE - 1;
    Buffer* made = new Buffer();
    made->mapping = mapping;
    made->data = reinterpret_cast<void*>(start / HUGE_PAGE * HUGE_PAGE);
    made->bytes = bytes;
#ifdef MADV_HUGEPAGE
    madvise(made->data, bytes, MADV_HUGEPAGE);  // only a wish
#endif
    return made;
  }

  // Called when the array that used a buffer is freed. The oldest ones make room.
  static void give_back(PyObject* owner) {
    Buffer* buffer = static_cast<Buffer*>(PyCapsule_GetPointer(owner, NULL));
    buffer->older = newest();
    newest() = buffer;
    size_t bytes = 0;
    int count = 0;
    for (Buffer** link = &newest(); *link;) {
      bytes += (*link)->bytes;
      if (++count <= MOST && bytes <= MOST_BYTES) {
        link = &(*link)->older;
        continue;
      }
      Buffer* oldest = *link;
      *link = oldest->older;
      release(oldest);
    }
  }
};

}  // namespace stn

#endif  // STN_BUFFERS_H
