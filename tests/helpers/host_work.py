"""What the host still does in a function that is compiled for a device."""

from theano.compile.ops import Shape_i
from theano.gpuarray.basic_ops import GpuFromHost, HostFromGpu
from theano.gpuarray.type import GpuArrayType


def host_operations(function):
    """Return the ops of a compiled function that read arrays or results on the host.

    The host may only read shapes, send inputs to the device, and return results of the
    device. It may also compute what follows from shapes alone, such as the indices of
    the rows that a sampler reads.
    """
    graph = function.maker.fgraph
    on_the_host = [
        value for value in graph.inputs if not isinstance(value.type, GpuArrayType)
    ]
    on_the_host += [
        node.outputs[0]
        for node in graph.apply_nodes
        if isinstance(node.op, HostFromGpu)
    ]
    return [
        node.op
        for value in on_the_host
        for node, _ in value.clients
        if node != 'output' and not isinstance(node.op, (Shape_i, GpuFromHost))
    ]
