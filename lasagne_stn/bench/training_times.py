"""Measures a training step of the paper's networks in Theano and in PyTorch."""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from .contenders import CONTENDERS, start_contenders
from .rounds import close_all, take_turns
from .training_networks import TRAINING_NETWORKS, TrainingNetwork
from .training_step import COMPARED_STEPS, TheanoTraining, TorchTraining

__all__ = ['measure_training', 'check_losses']

TOLERANCE = 1e-3  # of losses, relative


def measure_training(
    names: Sequence[str],
    threads: int,
    runs: int,
    networks: Mapping[str, TrainingNetwork] = TRAINING_NETWORKS,
    fast_path: bool = True,
    isa: str | None = None,
    report: Callable[[Mapping[str, Any]], None] | None = None,
    start: Callable[..., Mapping[str, Any]] = start_contenders,
) -> list[dict[str, Any]]:
    """Time training steps, and profile ours.

    Parameters
    ----------
    names : sequence of str
        Keys of ``CONTENDERS``, with 'fused'.
    threads : int
        Number of threads of each contender.
    runs : int
        Number of rounds in which each contender is measured once, Theano's own
        convolutions in every third round.
    networks : mapping, optional
        Networks by their names.
    fast_path, isa
        See :func:`lasagne_stn.bench.contenders.start_contenders`.
    report : callable, optional
        Called with each result.
    start : callable, optional
        Like ``start_contenders``.

    Returns
    -------
    list of dict
        One for each network: 'network', 'channels', 'size', 'classes', 'batch',
        'threads', 'isa', the number of 'fused_convolutions' in our step, the first
        'losses', the median 'ms' and all 'runs_ms' of each contender, and our 'profile'
        in seconds.

    Raises
    ------
    RuntimeError
        If the first losses of two contenders differ by more than 0.1 %.
    """
    results: list[dict[str, Any]] = []
    contenders = start(names, threads, TheanoTraining, TorchTraining, fast_path, isa)
    ours = contenders['fused']
    try:
        for title, network in networks.items():
            values = ours.ask('load', network)
            for key, contender in contenders.items():
                if key.startswith('torch'):
                    contender.ask('load', network, values)
                elif key != 'fused':
                    contender.ask('load', network)
            losses = {key: each.ask('losses') for key, each in contenders.items()}
            check_losses(title, losses)
            ms = {
                key: [1e3 * seconds for seconds in column]
                for key, column in take_turns(contenders, runs).items()
            }
            result = network._asdict()
            del result['spec']
            result.update(
                network=title,
                threads=threads,
                isa=isa,
                fused_convolutions=ours.ask('fused_convolutions'),
                losses=losses,
                runs_ms=ms,
                ms={key: median(column) for key, column in ms.items()},
                profile=ours.ask('profile'),
            )
            results.append(result)
            if report:
                report(result)
    finally:
        close_all(contenders)
    return results


def check_losses(network: str, losses: Mapping[str, Sequence[float]]) -> None:
    """Raise an error if the losses of a network differ between contenders.

    Parameters
    ----------
    network : str
        Name of the network, for the message.
    losses : mapping
        From keys of ``CONTENDERS`` to the losses of the first steps.

    Raises
    ------
    RuntimeError
    """
    for name, column in losses.items():
        if not np.allclose(column, losses['fused'], rtol=TOLERANCE, atol=0):
            pairs = [
                '%s %s' % (CONTENDERS[key], ', '.join('%.6g' % each for each in values))
                for key, values in (('fused', losses['fused']), (name, column))
            ]
            raise RuntimeError(
                '%s: the losses of the first %d steps must agree within %g, got %s'
                % (network, COMPARED_STEPS, TOLERANCE, '; '.join(pairs))
            )
