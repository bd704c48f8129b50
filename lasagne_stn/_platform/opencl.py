"""What Theano's device kernels need on OpenCL: they were written with CUDA in mind.

On CUDA nothing is changed. On OpenCL, without these mends, ``T.maximum`` of two float
tensors ends the whole process with a segmentation fault.
"""

import re

__all__ = ['patch']

VERSION = ('lasagne_stn', 1)  # of the mends, in the key of each compiled module
GROUP = 64  # work items that share a sum
# CUDA's words in the text of element-wise operations, and OpenCL's. The latter cannot
# choose a function for two types; both sides of ?: have the wider one. It allows no
# float before a question mark.
WORDS = [
    (r'\bnan\(""\)', 'NAN'),
    (r'\bfloorf\(', 'floor('),
    (r'\b(fmod|atan2)f?\(', r'lasagne_stn_\1('),
    (r'(?<![=!<>])= (\([\w.]+\)|[\w.]+) \?', r'= (\1 != 0) ?'),
]
DEFINITIONS = """
#define lasagne_stn_fmod(x, y) fmod(1 ? (x) : (y), 1 ? (y) : (x))
#define lasagne_stn_atan2(x, y) atan2(1 ? (x) : (y), 1 ? (y) : (x))
"""
BUILD = """
static GpuElemwise *shared = NULL;
static gpucontext *place = NULL;
if (shared == NULL || place != %(params)s->ctx)
    place = %(params)s->ctx, shared = GpuElemwise_new("""
REFUSED = (
    'the OpenCL compiler refused the kernel of %s. With THEANO_FLAGS='
    'optimizer_excluding=local_gpua_elemwise the CPU computes element-wise '
    'operations.'
)


def patch():
    """Mend Theano's device operations, if a device of OpenCL's is active.

    - Element-wise operations that use CUDA's names (``T.minimum`` and ``T.maximum``,
      ``//`` of floats, ``T.round`` half to even) get OpenCL's; ``%``, ``//`` and
      ``T.arctan2`` take two types; a float as a condition, in ``T.switch`` or in a cast
      to bool, is compared with 0.
    - An element-wise kernel that cannot be compiled is an error and no longer a crash:
      Theano freed the kernel that it did not get.
    - An element-wise kernel is built once in a process, not for each node that has it,
      and for large addresses not before they come: a graph's kernels take PoCL longer
      than all else, up to half a second for each node.
    - The loss of a softmax declared local memory in a loop, which OpenCL forbids; the
      place of its maximum, wrong on all devices, is right.
    - A sum takes groups of 64 work items, not of as many as there can be: on a CPU
      those are 4096, with 12 barriers, for the few numbers of a sum.
    """
    from theano.gpuarray import elemwise, nnet, type

    active = {type.get_context(name).kind for name in type.list_contexts()}
    if b'opencl' not in active or hasattr(elemwise, 'lasagne_stn'):
        return
    elemwise.lasagne_stn = VERSION  # mended, once
    loss = nnet.GpuCrossentropySoftmaxArgmax1HotWithBias
    for owner, name, replacement in (
        (elemwise.GpuElemwise, '_generate_op_string', _in_opencls_words),
        (elemwise.GpuElemwise, 'c_init_code_struct', _building_once),
        (elemwise.GpuElemwise, 'c_cleanup_code_struct', _keeping_what_was_built),
        (elemwise.GpuElemwise, 'c_code_cache_version', _telling_apart),
        (elemwise, 'ReductionKernel', _with_small_groups),
        (elemwise.GpuCAReduceCPY, 'c_code_cache_version_apply', _telling_apart),
        (loss, 'gpu_kernels', _declaring_first),
        (loss, 'c_code_cache_version', _telling_apart),
    ):
        setattr(owner, name, replacement(getattr(owner, name)))


def _is_opencl(node):
    return node.outputs[0].type.context.kind == b'opencl'


def _telling_apart(version):
    """Compile again what was compiled without the mends."""

    def mended(op, *node):
        found = version(op, *node)
        return found and (found, VERSION)

    return mended


def _in_opencls_words(generate_op_string):
    def mended(op, node):
        support, code = generate_op_string(op, node)
        if not _is_opencl(node):
            return support, code
        return support + DEFINITIONS, _translate(code)

    return mended


def _translate(code):
    """From CUDA's words to OpenCL's.

    >>> _translate('o0 = i0 ? floorf(1.5f) : (i1 == 2) ? fmodf(i1, 2) : nan("");')
    'o0 = (i0 != 0) ? floor(1.5f) : (i1 == 2) ? lasagne_stn_fmod(i1, 2) : NAN;'
    """
    for word, replacement in WORDS:
        code = re.sub(word, replacement, code)
    return code


def _building_once(c_init_code_struct):
    def mended(op, node, name, sub):
        code = c_init_code_struct(op, node, name, sub)
        if not _is_opencl(node):
            return code
        # A static variable belongs to the compiled module, which equal nodes share.
        return (
            code.replace('ge = GpuElemwise_new(', BUILD % sub)
            .replace('GE_CONVERT_F16);', 'GE_CONVERT_F16 | GE_NOADDR64);\nge = shared;')
            .replace('Could not initialize elemwise support', REFUSED % op)
        )

    return mended


def _keeping_what_was_built(c_cleanup_code_struct):
    def mended(op, node, name):
        return '' if _is_opencl(node) else c_cleanup_code_struct(op, node, name)

    return mended


def _with_small_groups(base):
    class ReductionKernel(base):
        """A kernel for one sum, or product, for each group of work items."""

        def _find_kernel_ls(self, template, most, *arguments):
            if self.context.kind == b'opencl':
                most = min(most, GROUP)
            return super()._find_kernel_ls(template, most, *arguments)

    return ReductionKernel


def _declaring_first(gpu_kernels):
    def mended(op, node, name):
        kernels = gpu_kernels(op, node, name)
        if _is_opencl(node):
            for kernel in kernels:
                kernel.code = _declare_first(kernel.code)
        return kernels

    return mended


def _declare_first(code):
    """Move local memory to the head of the kernel; start maxima from -infinity.

    A maximum that starts from NaN is found by fmax, but no comparison with it tells
    where the maximum is.

    >>> print(_declare_first('f(int n) { for (;;) { LOCAL_MEM int a; a = NAN; } }'))
    f(int n) {LOCAL_MEM int a; for (;;) {  a = -INFINITY; } }
    """
    declarations = re.findall('LOCAL_MEM [^;*]*;', code)
    for declaration in declarations:
        code = code.replace(declaration, '')
    code = code.replace('{', '{' + ''.join(declarations), 1)
    return re.sub(r'= NAN\b', '= -INFINITY', code)
