"""The rewrite from markers to fused ops, forward and gradient.

It works before all of Theano's own optimisations, on the graph as it was written. Each
exit of a marked sampler is replaced by one fused op, found by walking back from there
to the markers at the entrances. Where that walk meets anything but a sampler and its
first derivative, the explicit graph stays. `RemoveMarkers` then takes away the markers
that are left.

In a function that is compiled for a device, by Theano's gpuarray, only those samplers
are replaced that there are kernels for on the device; gpuarray then moves the ops (see
`lasagne_stn.kernels.sampling.gpu`).

Exclude ``lasagne_stn_fuse`` from the mode, or set ``lasagne_stn.config.fused = False``,
to compile the explicit graph.
"""

import sys

import theano
from theano import gof
from theano import tensor as T
from theano.compile import optdb

from ... import config
from ...sampling.markers import Marker
from .cpu import FusedSample, FusedSampleGradient

__all__ = [
    'FuseSamplersDB',
    'FuseSamplers',
    'RemoveMarkers',
    'device_is_active',
    'device_serves',
]


class FuseSamplersDB(gof.DB):
    """Makes `FuseSamplers` for a mode: it asks whether the mode moves ops to a device.

    With Theano's flag ``device`` every mode does, with ``init_gpu_device`` only one
    that includes 'gpuarray'.
    """

    def query(self, *tags, **subqueries):
        """The optimizer for a mode, given by its query."""
        return FuseSamplers(for_device=device_is_active() and _moves_ops(tags[0]))


def _moves_ops(query):
    mover = optdb['gpuarray_opt']
    return any(mover in optdb.__db__[tag] for tag in query.include) and not any(
        mover in optdb.__db__[tag] for tag in query.exclude
    )


class FuseSamplers(gof.Optimizer):
    """Replace marked samplers and their gradients by fused ops.

    Parameters
    ----------
    for_device : bool, optional
        Whether only those that can be moved to a device.
    """

    def __init__(self, for_device=False):
        super().__init__()
        self.for_device = for_device

    def add_requirements(self, fgraph):
        """Let a replacement that fails be undone."""
        fgraph.attach_feature(gof.toolbox.ReplaceValidate())

    def apply(self, fgraph):
        """Replace what can be replaced, one exit of a sampler after the other."""
        if not (config.fused and flags().cxx):
            return
        exits = [
            node
            for node in fgraph.toposort()
            if isinstance(node.op, Marker)
            and (not self.for_device or device_serves(node.op.kind))
        ]
        for node in exits:
            if node.op.role == 'output':
                _replace_output(fgraph, node)
        for inputs, nodes in _gradient_groups(exits):
            _replace_gradients(fgraph, inputs, nodes)


class RemoveMarkers(gof.Optimizer):
    """Take markers out of the graph: each output becomes its input."""

    def add_requirements(self, fgraph):
        """Let a replacement that fails be undone."""
        fgraph.attach_feature(gof.toolbox.ReplaceValidate())

    def apply(self, fgraph):
        """Replace the output of each marker by its input."""
        pairs = [
            (node.outputs[0], node.inputs[0])
            for node in fgraph.toposort()
            if isinstance(node.op, Marker)
        ]
        for output, value in reversed(pairs):
            fgraph.replace_validate(output, value, reason='lasagne_stn_unmark')


def flags():
    """Theano's flags, as they are now."""
    return theano.config


def device_is_active():
    """Whether Theano reaches a device; its backend is loaded only if a flag says so."""
    backend = sys.modules.get('theano.gpuarray')
    return backend is not None and backend.pygpu_activated


def device_serves(kind):
    """Whether there are kernels on a device for what a sampler computes.

    Parameters
    ----------
    kind : SamplerKind
        See :mod:`lasagne_stn.sampling.markers`.
    """
    return kind.dims == 2


def _entrances(exit_node):
    """The markers of the same kind that a walk back from an exit meets first.

    Returns
    -------
    dict
        From role to a list of values that enter there.
    """
    kind, found, seen = exit_node.op.kind, {}, set()
    todo = [exit_node.inputs[0]]
    while todo:
        value = todo.pop()
        if value in seen or value.owner is None:
            continue
        seen.add(value)
        node = value.owner
        if isinstance(node.op, Marker) and node.op.kind == kind:
            entered = found.setdefault(node.op.role, [])
            if node.inputs[0] not in entered:
                entered.append(node.inputs[0])
        else:
            todo.extend(node.inputs)
    return found


def _sampler_inputs(entered, kind):
    """Images, coords and size; None if that is not all there is, or too much."""
    wanted = {'images', 'coords'} | ({'size'} if kind.affine else set())
    if not wanted <= set(entered) or any(len(entered[role]) > 1 for role in wanted):
        return None
    images, coords = entered['images'][0], entered['coords'][0]
    if images.dtype not in ('float32', 'float64') or images.dtype != coords.dtype:
        return None
    size = entered['size'][0] if kind.affine else coords.shape[1:-1]
    return [images, coords, size]


def _replace_output(fgraph, node):
    entered = _entrances(node)
    inputs = _sampler_inputs(entered, node.op.kind)
    if inputs is None or set(entered) - {'images', 'coords', 'size'}:
        return
    fused = FusedSample(node.op.kind)(*inputs)
    _replace(fgraph, [(node.outputs[0], fused)])


def _gradient_groups(nodes):
    """Exits of one backward part: what entered is the same, images to gradient."""
    groups = {}
    for node in nodes:
        if node.op.role not in ('grad_images', 'grad_coords'):
            continue
        entered = _entrances(node)
        inputs = _sampler_inputs(entered, node.op.kind)
        gradients = entered.get('grad_output', [])
        if (
            inputs is None
            or len(gradients) != 1
            or (set(entered) - {'images', 'coords', 'size', 'grad_output'})
        ):
            continue  # a second derivative, or several gradients
        key = (node.op.kind, inputs[0], inputs[1], gradients[0])
        groups.setdefault(key, (inputs + gradients, []))[1].append(node)
    return groups.values()


def _replace_gradients(fgraph, inputs, nodes):
    """Replace the exits of one backward part by the outputs of one fused op."""
    roles = {node.op.role[5:] for node in nodes}
    wrt = tuple(name for name in ('images', 'coords') if name in roles)
    fused = FusedSampleGradient(nodes[0].op.kind, wrt)(*inputs, return_list=True)
    _replace(
        fgraph,
        [(node.outputs[0], fused[wrt.index(node.op.role[5:])]) for node in nodes],
    )


def _replace(fgraph, pairs):
    """Replace values; what Theano knows of axes of length 1 stays known."""
    pairs = [
        (
            old,
            new
            if old.type == new.type
            else T.patternbroadcast(new, old.type.broadcastable),
        )
        for old, new in pairs
    ]
    for old, new in pairs:
        gof.opt.copy_stack_trace(old, new)
    fgraph.replace_all_validate(pairs, reason='lasagne_stn_fuse')


optdb.register('lasagne_stn_fuse', FuseSamplersDB(), 0.5, 'fast_run')
optdb.register('lasagne_stn_unmark', RemoveMarkers(), 0.51, 'fast_run', 'fast_compile')
