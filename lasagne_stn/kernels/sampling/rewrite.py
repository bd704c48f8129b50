"""The rewrite from marked samplers to fused ops, forward and gradient.

It runs before all of Theano's own optimisations, on the graph as the user built it.
Each marked output of a sampler is replaced by one fused op, whose inputs are found by
walking back to the markers at the sampler's inputs. If that walk meets anything but a
sampler and its first derivative, the explicit graph stays; so does every sampler that
has no kernel (see :mod:`lasagne_stn.kernels.sampling.support`). Then `RemoveMarkers`
removes the remaining markers.

In a function that Theano's gpuarray compiles for a device, only samplers with a kernel
for the device are replaced; gpuarray then moves the ops (see
`lasagne_stn.kernels.sampling.gpu`).

To compile the explicit graph, exclude ``lasagne_stn_fuse`` from the mode, or set
``lasagne_stn.config.fused = False``.
"""

from __future__ import annotations

import theano
from theano import gof
from theano.compile import optdb

from ... import config
from ...sampling.markers import Marker
from ..rewriting import Rewrite, replace, runs_on_device
from .cpu import FusedSample, FusedSampleGradient
from .support import implementation_of

__all__ = ['FuseSamplersDB', 'FuseSamplers', 'RemoveMarkers']


class FuseSamplersDB(gof.DB):
    """Creates `FuseSamplers` for a mode, depending on whether it uses a device."""

    def query(self, *tags, **subqueries):
        """Return the optimizer for a mode, given by its query."""
        return FuseSamplers('gpuarray' if runs_on_device(tags[0]) else 'cpu')


class FuseSamplers(Rewrite):
    """Replace marked samplers and their gradients by fused ops.

    Parameters
    ----------
    device : {'cpu', 'gpuarray'}, optional
        Where the function will run.
    """

    def __init__(self, device: str = 'cpu') -> None:
        super().__init__()
        self.device = device

    def apply(self, fgraph: gof.FunctionGraph) -> None:
        """Replace what has a kernel, one marked output of a sampler after the other."""
        if not (config.fused and flags().cxx):
            return
        marked = [
            node
            for node in fgraph.toposort()
            if isinstance(node.op, Marker) and self._has_kernel(node)
        ]
        for node in marked:
            if node.op.role == 'output':
                _replace_output(fgraph, node)
        for inputs, nodes in _gradient_groups(marked):
            _replace_gradients(fgraph, inputs, nodes)

    def _has_kernel(self, node):
        dtype = node.inputs[0].dtype
        return implementation_of(self.device, node.op.kind, dtype).fused


class RemoveMarkers(Rewrite):
    """Remove markers from the graph: each output becomes its input."""

    def apply(self, fgraph: gof.FunctionGraph) -> None:
        """Replace the output of each marker by its input."""
        pairs = [
            (node.outputs[0], node.inputs[0])
            for node in fgraph.toposort()
            if isinstance(node.op, Marker)
        ]
        for output, value in reversed(pairs):
            fgraph.replace_validate(output, value, reason='lasagne_stn_unmark')


def flags():
    """Return Theano's current flags."""
    return theano.config


def _marked_inputs(output_node):
    """Return what passes the nearest markers of the same kind behind an output.

    Returns
    -------
    dict
        From role to a list of variables.
    """
    kind, found, seen = output_node.op.kind, {}, set()
    pending = [output_node.inputs[0]]
    while pending:
        variable = pending.pop()
        if variable in seen or variable.owner is None:
            continue
        seen.add(variable)
        node = variable.owner
        if isinstance(node.op, Marker) and node.op.kind == kind:
            of_role = found.setdefault(node.op.role, [])
            if node.inputs[0] not in of_role:
                of_role.append(node.inputs[0])
        else:
            pending.extend(node.inputs)
    return found


def _sampler_inputs(found, kind):
    """Return images, coords and size; None if one is missing or ambiguous."""
    wanted = {'images', 'coords'} | ({'size'} if kind.affine else set())
    if not wanted <= set(found) or any(len(found[role]) > 1 for role in wanted):
        return None
    images, coords = found['images'][0], found['coords'][0]
    if images.dtype != coords.dtype:
        return None
    size = found['size'][0] if kind.affine else coords.shape[1:-1]
    return [images, coords, size]


def _replace_output(fgraph, node):
    found = _marked_inputs(node)
    inputs = _sampler_inputs(found, node.op.kind)
    if inputs is None or set(found) - {'images', 'coords', 'size'}:
        return
    fused = FusedSample(node.op.kind)(*inputs)
    replace(fgraph, [(node.outputs[0], fused)], 'lasagne_stn_fuse')


def _gradient_groups(nodes):
    """Group the outputs of each backward graph: those with the same marked inputs."""
    groups = {}
    for node in nodes:
        if node.op.role not in ('grad_images', 'grad_coords'):
            continue
        found = _marked_inputs(node)
        inputs = _sampler_inputs(found, node.op.kind)
        gradients = found.get('grad_output', [])
        if (
            inputs is None
            or len(gradients) != 1
            or (set(found) - {'images', 'coords', 'size', 'grad_output'})
        ):
            continue  # a second derivative, or several gradients
        key = (node.op.kind, inputs[0], inputs[1], gradients[0])
        groups.setdefault(key, (inputs + gradients, []))[1].append(node)
    return groups.values()


def _replace_gradients(fgraph, inputs, nodes):
    """Replace the outputs of one backward graph by those of one fused op."""
    roles = {node.op.role[5:] for node in nodes}
    wrt = tuple(name for name in ('images', 'coords') if name in roles)
    fused = FusedSampleGradient(nodes[0].op.kind, wrt)(*inputs, return_list=True)
    pairs = [(node.outputs[0], fused[wrt.index(node.op.role[5:])]) for node in nodes]
    replace(fgraph, pairs, 'lasagne_stn_fuse')


optdb.register('lasagne_stn_fuse', FuseSamplersDB(), 0.5, 'fast_run')
optdb.register('lasagne_stn_unmark', RemoveMarkers(), 0.51, 'fast_run', 'fast_compile')
