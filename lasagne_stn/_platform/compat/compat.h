/* Restores names of the C APIs of Python and numpy that Theano's C code uses.
 *
 * Each file that Theano compiles includes this header first. Sections are in the order
 * of the releases that removed the names. */
#ifndef LASAGNE_STN_COMPAT_H
#define LASAGNE_STN_COMPAT_H

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <patchlevel.h>
#include <numpy/_numpyconfig.h>

/* numpy 2: compile for it alone, so that descriptors have fields, not only macros. */
#if NPY_API_VERSION >= 0x12
#define NPY_TARGET_VERSION 0x12
#endif

/* Python 3.11: the inside of integers, strings, threads and frames. These switches of
 * Cython 0.28, which wrote scan_perform.c, make it call Python's functions instead. */
#if PY_VERSION_HEX >= 0x030B0000
#define CYTHON_USE_PYLONG_INTERNALS 0
#define CYTHON_USE_UNICODE_INTERNALS 0
#define CYTHON_USE_UNICODE_WRITER 0
#define CYTHON_FAST_THREAD_STATE 0
#define CYTHON_FAST_PYCALL 0
#endif

#include <Python.h>

/* Python 3.11: PyCode_New takes other arguments. Cython makes code objects only to name
 * a file, a function and a line in tracebacks. */
#if PY_VERSION_HEX >= 0x030B0000
#include <frameobject.h>
static inline PyCodeObject* lasagne_stn_code(PyObject* file, PyObject* function,
                                             int line) {
  const char* file_name = PyUnicode_AsUTF8(file);
  const char* function_name = PyUnicode_AsUTF8(function);
  if (file_name == NULL || function_name == NULL) return NULL;
  return PyCode_NewEmpty(file_name, function_name, line);
}
#undef PyCode_New
#define PyCode_New(args, kwonly, locals, stack, flags, code, consts, names, varnames, \
                   freevars, cellvars, file, function, line, table)                   \
  lasagne_stn_code(file, function, line)
#endif

/* Python 3.12: lengths in units of Py_UNICODE. */
#if PY_VERSION_HEX >= 0x030C0000 && !defined(PyUnicode_GET_SIZE)
#define PyUnicode_GET_SIZE PyUnicode_GET_LENGTH
#endif

/* Python 3.13: a last argument says whether an error is set. */
#if PY_VERSION_HEX >= 0x030D0000
#define _PyLong_AsByteArray(value, bytes, size, little_endian, is_signed) \
  _PyLong_AsByteArray(value, bytes, size, little_endian, is_signed, 1)
#endif

#if NPY_API_VERSION >= 0x12
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#define NPY_PY3K 1

/* numpy 2: in C++, complex numbers have no fields. */
typedef struct {
  npy_float32 real, imag;
} lasagne_stn_complex64;
typedef struct {
  npy_float64 real, imag;
} lasagne_stn_complex128;
#define npy_complex64 lasagne_stn_complex64
#define npy_complex128 lasagne_stn_complex128

/* numpy 2: Python 2's names, which were in numpy/npy_3kcompat.h. */
#define PyInt_Type PyLong_Type
#define PyInt_Check PyLong_Check
#define PyInt_CheckExact PyLong_CheckExact
#define PyInt_FromLong PyLong_FromLong
#define PyInt_AsLong PyLong_AsLong
#define PyInt_AS_LONG PyLong_AsLong
#define PyInt_FromSsize_t PyLong_FromSsize_t
#define PyInt_AsSsize_t PyLong_AsSsize_t
#define PyNumber_Int PyNumber_Long
#define PyString_Type PyBytes_Type
#define PyString_Check PyBytes_Check
#define PyString_AsString PyBytes_AsString
#define PyString_FromString PyBytes_FromString
#else

/* numpy 1: descriptors have fields, for which numpy 2 has macros. */
#ifndef PyDataType_SUBARRAY
#define PyDataType_SUBARRAY(descr) ((descr)->subarray)
#endif
#ifndef PyDataType_NAMES
#define PyDataType_NAMES(descr) ((descr)->names)
#endif
#ifndef PyDataType_FIELDS
#define PyDataType_FIELDS(descr) ((descr)->fields)
#endif
#endif

#endif
