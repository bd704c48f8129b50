"""What every test on the device needs: that it is active, and that it does the work."""

import pytest
import theano
from theano.compile.ops import Shape_i
from theano.gpuarray.basic_ops import GpuFromHost, HostFromGpu
from theano.gpuarray.type import GpuArrayType


@pytest.fixture(scope='session', autouse=True)
def active_device():
    """Fail where the device did not start: Theano then goes on with the CPU."""
    assert theano.gpuarray.pygpu_activated, (
        'the device %r did not start; lasagne-stn doctor says what is missing'
        % theano.config.device
    )
    assert theano.config.floatX == 'float32'


def work_of_the_host(function):
    """Ops of a compiled function that read its arrays, or results, on the host.

    The host may only read shapes, send what it was given to the device, and give back
    what the device computed. What follows from shapes alone, such as the numbers of
    the rows that a sampler reads, may come from the host.
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
