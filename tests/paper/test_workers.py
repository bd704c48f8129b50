"""Training in worker processes and on Dask: after a kill nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import dask
import numpy as np
import psutil
import pytest
import theano

import lasagne_stn
from helpers.idx import idx_bytes
from lasagne_stn.data.mnist import FILES
from lasagne_stn.paper import DIGITS, Run, load_checkpoint, workers
from lasagne_stn.paper.dask_workers import train_on_dask
from lasagne_stn.paper.workers import (
    QueuedRun,
    Stopped,
    train_in_worker,
    train_on_cores,
)

EVERY, ALL = 40, 600  # iterations
FLAGS = 'mode=FAST_COMPILE,floatX=float32,cxx='  # quick to start: nothing to compile


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """A folder with a few images in MNIST's format."""
    folder = tmp_path_factory.mktemp('images')
    rng = np.random.default_rng(5)
    for name in FILES:
        count = 40 if 'train' in name else 12
        array = (
            rng.integers(0, 256, size=(count, 28, 28))
            if 'images' in name
            else np.arange(count) % 10
        )
        (folder / name).write_bytes(idx_bytes(array.astype('uint8')))
    return str(folder)


@pytest.fixture(autouse=True)
def flags(monkeypatch):
    monkeypatch.setenv(
        'THEANO_FLAGS', '%s,base_compiledir=%s' % (FLAGS, theano.config.base_compiledir)
    )


@pytest.fixture
def queued_in(source):
    """Queues a small run, which takes some seconds, in a folder."""
    with theano.configparser.change_flags(floatX='float32'):
        data = DIGITS.dataset.fingerprint(DIGITS.dataset.find(source)[0])
    run = Run('TC', 'fcn', seed=3, iterations=ALL, batch_size=8, data=data)
    return lambda folder: QueuedRun(DIGITS, run, source, str(folder), EVERY)


@pytest.fixture
def children():
    """The processes that were started since the test began."""
    before = psutil.Process().children()
    return lambda: [
        process for process in psutil.Process().children() if process not in before
    ]


@pytest.fixture(scope='module')
def whole():
    """What the uninterrupted training gave, once it ran: line and checkpoint."""
    return {}


def assert_same_result(whole, queued_in, folder, tmp_path, line):
    """A training that was killed gave what one that goes through gives."""
    if not whole:
        queued = queued_in(tmp_path / 'whole')
        ((same, whole['line']),) = train_on_cores([queued])
        assert same is queued
        whole['content'] = load_checkpoint(
            os.path.join(queued.folder, queued.name + '.npz')
        )
    for name in set(line) - {'seconds', 'machine'}:
        assert line[name] == whole['line'][name], name
    queued = queued_in(folder)
    facts, arrays = load_checkpoint(os.path.join(queued.folder, queued.name + '.npz'))
    expected, others = whole['content']
    assert facts['iteration'] == expected['iteration'] == ALL
    assert facts['history'] == expected['history']
    assert len(facts['history']) == ALL // EVERY
    assert arrays.keys() == others.keys() and len(arrays) > 10
    for name, array in arrays.items():
        assert array.tobytes() == others[name].tobytes(), name


def test_a_killed_process_is_restarted_and_continues(
    whole, queued_in, tmp_path, children
):
    seen, killed = [], []

    def report(iteration, loss, error):
        seen.append(iteration)
        if iteration > EVERY and not killed:
            (process,) = children()
            process.kill()
            killed.append(iteration)

    line = train_in_worker(queued_in(tmp_path), report)
    after = seen[seen.index(killed[0]) + 1 :]
    assert seen[0] == 1 and EVERY < after[0] < ALL
    assert line['machine']['threads'] == 1 and line['num_params'] == 401770
    assert_same_result(whole, queued_in, tmp_path, tmp_path, line)


def start_dask(folder, *arguments):
    """A process of ``dask``, which finds the package where this one found it."""
    root = os.path.dirname(os.path.dirname(lasagne_stn.__file__))
    environment = dict(
        os.environ,
        PYTHONPATH=root,
        THEANO_FLAGS='base_compiledir=' + theano.config.base_compiledir,
    )
    with open(folder / 'dask.log', 'ab') as log:
        return subprocess.Popen(
            [
                sys.executable,
                '-m',
                'dask',
                *arguments,
                '--host',
                '127.0.0.1',
                '--dashboard-address',
                '127.0.0.1:0',
            ],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def test_the_run_of_a_killed_dask_worker_continues_on_another(
    whole, queued_in, tmp_path
):
    """Real processes: a scheduler, a worker that gets SIGKILL, and another one.

    The second run is long; leaving early stops it where it runs.
    """
    where = tmp_path / 'scheduler.json'
    processes = [
        start_dask(tmp_path, 'scheduler', '--port', '0', '--scheduler-file', str(where))
    ]
    seen, killed, children = [], [], []

    def start_worker():
        processes.append(
            start_dask(
                tmp_path,
                'worker',
                '--scheduler-file',
                str(where),
                '--nworkers',
                '1',
                '--nthreads',
                '1',
                '--no-nanny',
                '--local-directory',
                str(tmp_path),
            )
        )

    def children_of_worker():
        return psutil.Process(processes[-1].pid).children()

    def report(queued, iteration, loss, error):
        seen.append((queued, iteration))
        if iteration > EVERY and not killed:
            children.extend(children_of_worker())
            processes[-1].send_signal(signal.SIGKILL)
            killed.append(len(seen))
            start_worker()

    queued = queued_in(tmp_path / 'runs')
    long = queued._replace(run=queued.run._replace(iterations=10**9))
    try:
        start_worker()
        wait_until(where.exists)
        address = json.loads(where.read_text())['address']
        with closing(train_on_dask([queued, long], address, report)) as outcomes:
            same, line = next(outcomes)
            assert same == queued and isinstance(line, dict), line
            wait_until(lambda: seen[-1][0] == long)
            children.extend(children_of_worker())
        assert processes[1].wait() == -signal.SIGKILL
        assert [one.poll() for one in processes] == [None, -signal.SIGKILL, None]
        gone, alive = psutil.wait_procs(children, timeout=30)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert len(gone) == 2 and not alive
    assert seen[0] == (queued, 1) and EVERY < seen[killed[0]][1] < ALL
    assert line['machine']['theano_flags']['cxx'] == ''  # handed on
    assert_same_result(whole, queued_in, tmp_path / 'runs', tmp_path, line)


def wait_until(true):
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    pytest.fail('this takes more than a minute')


def test_a_missing_scheduler_is_a_message(queued_in, tmp_path):
    queue = [queued_in(tmp_path)]
    with dask.config.set({'distributed.comm.timeouts.connect': '0.5s'}), pytest.raises(
        OSError, match='no Dask scheduler responds at tcp://127'
    ):
        list(train_on_dask(queue, 'tcp://127.0.0.1:9'))


def test_a_scheduler_that_dies_is_a_message(queued_in, tmp_path):
    where = tmp_path / 'scheduler.json'
    process = start_dask(
        tmp_path, 'scheduler', '--port', '0', '--scheduler-file', str(where)
    )
    dies = threading.Timer(2, process.kill)
    try:
        wait_until(where.exists)
        with dask.config.set({'distributed.comm.timeouts.connect': '1s'}):
            outcomes = train_on_dask(
                [queued_in(tmp_path)], json.loads(where.read_text())['address']
            )
            dies.start()
            with pytest.raises(
                OSError, match='stopped responding.\nCheckpoints are kept'
            ):
                next(outcomes)
    finally:
        dies.cancel()
        process.kill()
        process.wait()


@pytest.mark.parametrize('address', ['127.0.0.1', 'http://127.0.0.1:9', 'tcp://a:b'])
def test_an_invalid_address_is_an_error_at_once(queued_in, tmp_path, address):
    with pytest.raises(
        ValueError,
        match='address must be that of a Dask scheduler, '
        'such as tcp://192.168.0.1:8786, got %r' % address,
    ):
        next(train_on_dask([queued_in(tmp_path)], address))


def test_missing_dask_is_a_message(monkeypatch, queued_in, tmp_path):
    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(ModuleNotFoundError, match='needs distributed, which is not'):
        next(train_on_dask([queued_in(tmp_path)], 'tcp://127.0.0.1:9'))


def test_an_error_comes_through_and_closing_early_stops_other_runs(
    queued_in, tmp_path, children
):
    good = queued_in(tmp_path)
    bad = good._replace(run=good.run._replace(data='60 other images'))
    with closing(train_on_cores([bad, good])) as outcomes:
        queued, problem = next(outcomes)
        assert queued == bad and isinstance(problem, RuntimeError)
        assert "to test are not the run's data" in str(problem)
    assert children() == []
    with pytest.raises(Stopped):
        train_in_worker(good, stopped=lambda: True)
    assert children() == []


def test_an_exception_of_the_caller_is_raised(queued_in, tmp_path, children):
    def report(*args):
        raise BrokenPipeError('nobody reads')

    with pytest.raises(BrokenPipeError, match='nobody reads'):
        train_in_worker(queued_in(tmp_path), report=report)
    assert children() == []


@pytest.mark.parametrize(
    'script, message',
    [
        (
            'kill -9 $$',
            r'killed 4 times, the last time by signal 9\.\nThere may be too little',
        ),
        ('echo broken beyond hope >&2; exit 3', 'broken beyond hope'),
    ],
)
def test_a_process_that_cannot_start_is_an_error(
    monkeypatch, queued_in, tmp_path, script, message
):
    program = tmp_path / 'python'
    program.write_text('#!/bin/sh\n%s\n' % script)
    program.chmod(0o755)
    monkeypatch.setattr(workers.sys, 'executable', str(program))
    with pytest.raises(RuntimeError, match=message):
        train_in_worker(queued_in(tmp_path))
