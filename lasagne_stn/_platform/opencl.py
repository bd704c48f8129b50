"""Patches Theano's GPU operations that fail on OpenCL; on CUDA nothing changes.

Theano's kernels were written for CUDA. Without these patches ``T.maximum`` of two float
tensors crashes the process on OpenCL.
"""

from __future__ import annotations

import re
import sys

__all__ = ['patch']

VERSION = ('lasagne_stn', 2)  # of the patches, part of the key of each compiled module
MAX_GROUP_SIZE = 64  # work items that compute a sum together
# CUDA's names in the code of element-wise operations, and their OpenCL replacements.
# OpenCL cannot overload a function for arguments of two types, so the macros below let
# ?: convert both to the wider type. OpenCL rejects a float as the condition of ?:.
REPLACEMENTS = [
    (r'\bnan\(""\)', 'NAN'),
    (r'\bfloorf\(', 'floor('),
    (r'\b(fmod|atan2)f?\(', r'lasagne_stn_\1('),
    (r'(?<![=!<>])= (\([\w.]+\)|[\w.]+) \?', r'= (\1 != 0) ?'),
]
MACROS = """
#define lasagne_stn_fmod(x, y) fmod(1 ? (x) : (y), 1 ? (y) : (x))
#define lasagne_stn_atan2(x, y) atan2(1 ? (x) : (y), 1 ? (y) : (x))
"""
BUILD = """
static GpuElemwise *shared = NULL;
static gpucontext *shared_context = NULL;
if (shared == NULL || shared_context != %(params)s->ctx)
    shared_context = %(params)s->ctx, shared = GpuElemwise_new("""
BUILD_ERROR = (
    'the OpenCL compiler rejected the kernel of %s. To compute element-wise '
    'operations on the CPU instead, set THEANO_FLAGS='
    'optimizer_excluding=local_gpua_elemwise.'
)


def patch() -> None:
    """Patch Theano's GPU operations if an OpenCL device is active.

    - Element-wise operations use OpenCL's names where Theano writes CUDA's:
      ``T.minimum``, ``T.maximum``, ``//`` of floats, ``T.round`` half to even. ``%``,
      ``//`` and ``T.arctan2`` accept two different types. A float used as a condition,
      in ``T.switch`` or in a cast to bool, is compared with 0.
    - An element-wise kernel that does not compile raises an error instead of crashing
      the process: Theano freed the kernel that it did not get.
    - Each element-wise kernel is built once per process, not once for each node that
      uses it, and its variant for 64-bit addresses only on demand. Building a graph's
      kernels is what takes longest with PoCL, up to half a second for each node.
    - The loss of a softmax no longer declares local memory in a loop, which OpenCL
      forbids. The index of its maximum, wrong on all devices, is right.
    - Sums use groups of 64 work items instead of the maximum: on a CPU that is 4096
      work items with 12 barriers for the few numbers of a sum.
    """
    if 'theano.gpuarray' not in sys.modules:  # Theano imports it if a device is active
        return
    from theano.gpuarray import elemwise, nnet, type

    active = {type.get_context(name).kind for name in type.list_contexts()}
    if b'opencl' not in active or hasattr(elemwise, 'lasagne_stn'):
        return
    elemwise.lasagne_stn = VERSION  # marks Theano as patched
    loss = nnet.GpuCrossentropySoftmaxArgmax1HotWithBias
    for owner, name, wrap in (
        (elemwise.GpuElemwise, '_generate_op_string', _translated),
        (elemwise.GpuElemwise, 'c_init_code_struct', _built_once),
        (elemwise.GpuElemwise, 'c_cleanup_code_struct', _never_freed),
        (elemwise.GpuElemwise, 'c_code_cache_version', _versioned),
        (elemwise, 'ReductionKernel', _limited_groups),
        (elemwise.GpuCAReduceCPY, 'c_code_cache_version_apply', _versioned),
        (loss, 'gpu_kernels', _declared_first),
        (loss, 'c_code_cache_version', _versioned),
    ):
        setattr(owner, name, wrap(getattr(owner, name)))


def _is_opencl(node):
    return node.outputs[0].type.context.kind == b'opencl'


def _versioned(cache_version):
    """Add `VERSION` to a cache version, so that unpatched modules are not reused."""

    def versioned_cache_version(op, *node):
        version = cache_version(op, *node)
        return version and (version, VERSION)

    return versioned_cache_version


def _translated(generate_op_string):
    """Translate the code of an element-wise operation to OpenCL."""

    def generate_translated(op, node):
        support, code = generate_op_string(op, node)
        if not _is_opencl(node):
            return support, code
        return support + MACROS, _translate(code)

    return generate_translated


def _translate(code):
    """Replace CUDA's names by OpenCL's.

    >>> _translate('o0 = i0 ? floorf(1.5f) : (i1 == 2) ? fmodf(i1, 2) : nan("");')
    'o0 = (i0 != 0) ? floor(1.5f) : (i1 == 2) ? lasagne_stn_fmod(i1, 2) : NAN;'
    """
    for pattern, replacement in REPLACEMENTS:
        code = re.sub(pattern, replacement, code)
    return code


def _built_once(c_init_code_struct):
    """Keep the built kernel in a static variable, and explain a failed build.

    The variable belongs to the compiled module, which equal nodes share.
    """

    def init_shared_kernel(op, node, name, sub):
        code = c_init_code_struct(op, node, name, sub)
        if not _is_opencl(node):
            return code
        return (
            code.replace('ge = GpuElemwise_new(', BUILD % sub)
            .replace('GE_CONVERT_F16);', 'GE_CONVERT_F16 | GE_NOADDR64);\nge = shared;')
            .replace('Could not initialize elemwise support', BUILD_ERROR % op)
        )

    return init_shared_kernel


def _never_freed(c_cleanup_code_struct):
    """Do not free a kernel with its node: other nodes share it."""

    def keep_shared_kernel(op, node, name):
        return '' if _is_opencl(node) else c_cleanup_code_struct(op, node, name)

    return keep_shared_kernel


def _limited_groups(base):
    """Limit the group size of a reduction kernel to `MAX_GROUP_SIZE`."""

    class ReductionKernel(base):
        """A kernel that computes one sum or product per group of work items."""

        def _find_kernel_ls(self, template, most, *arguments):
            if self.context.kind == b'opencl':
                most = min(most, MAX_GROUP_SIZE)
            return super()._find_kernel_ls(template, most, *arguments)

    return ReductionKernel


def _declared_first(gpu_kernels):
    """Declare local memory at the start of each kernel of the softmax loss."""

    def corrected_kernels(op, node, name):
        kernels = gpu_kernels(op, node, name)
        if _is_opencl(node):
            for kernel in kernels:
                kernel.code = _declare_first(kernel.code)
        return kernels

    return corrected_kernels


def _declare_first(code):
    """Move local memory to the start of a kernel, and start maxima from -infinity.

    fmax ignores a start value of NaN, but comparing with NaN is always false, so that
    the index of the maximum would not be found.

    >>> print(_declare_first('f(int n) { for (;;) { LOCAL_MEM int a; a = NAN; } }'))
    f(int n) {LOCAL_MEM int a; for (;;) {  a = -INFINITY; } }
    """
    declarations = re.findall('LOCAL_MEM [^;*]*;', code)
    for declaration in declarations:
        code = code.replace(declaration, '')
    code = code.replace('{', '{' + ''.join(declarations), 1)
    return re.sub(r'= NAN\b', '= -INFINITY', code)
