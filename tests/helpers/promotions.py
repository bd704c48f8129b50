"""Dtypes and values that depend on numpy's rules of promotion, as lines of a table.

The tables in ``tests/_platform/compat/promotions`` were written on numpy 1.23.5 with
Theano as it was released, by ``python tests/helpers/promotions.py FOLDER``.
"""

import operator
import sys
from pathlib import Path

import numpy as np
import theano
import theano.tensor as T

DTYPES = [
    'bool',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
    'float16',
    'float32',
    'float64',
    'complex64',
    'complex128',
]
CONSTANTS = [
    '0',
    '1',
    '-1',
    '2',
    '100',
    '127',
    '128',
    '-128',
    '-129',
    '200',
    '255',
    '256',
    '300',
    '32767',
    '32768',
    '65536',
    '2**31-1',
    '2**31',
    '2**32',
    '2**40',
    '2**63-1',
    '1.0',
    '0.5',
    '0.1',
    '1.1',
    '1e-3',
    '1e10',
    '1e40',
    '1j',
    'True',
    'np.pi',
    'np.float32(1.1)',
    'np.float64(1.1)',
    'np.float64(0.5)',
    'np.int8(100)',
    'np.int64(100)',
    'np.uint8(200)',
    'np.bool_(True)',
]
OPERATIONS = {
    '+': operator.add,
    '*': operator.mul,
    '/': operator.truediv,
    '//': operator.floordiv,
    '**': operator.pow,
    'max': T.maximum,
}
# Evaluated with x, values of a dtype; v, the numbers 0 to 999; and a constant.
ARITHMETIC = [
    'x + %s',
    'x - %s',
    '%s - x',
    'x * %s',
    'x / %s',
    'T.maximum(x, %s)',
    'T.eq(x, %s)',
    'x > %s',
    'x * %s * 100',
    'x * %s + 127',
    '(x + %s) * 1.1',
    '(x - %s) * 2 - x * 3',
]
VALUE_DTYPES = ['int8', 'uint8', 'int64', 'float32', 'float64']
VALUE_CONSTANTS = ['2', '-1', '100', '127', '128', '200', '300', '0.1', '1.1', '0.5']
INDICES = ['126', '127', '128', '-127', '-128', '-129', '255', '256', '300']
INDEXING = [
    'v[%s]',
    'v[%s:].sum()',
    'v[:%s].sum()',
    'v[%s::2].shape[0]',
    'v[%s:][5:10].sum()',
    'v[:%s][-5:].sum()',
    'v[::2][%s]',
    'T.set_subtensor(v[%s:], 1).sum()',
    'T.arange(%s).sum()',
]
SCALARS = [
    'T.constant(%s) * 2',
    'T.constant(%s) * T.constant(%s)',
    '(T.constant(%s) + 1) * 3',
    '-T.constant(%s) - 1',
    'T.constant(%s) ** 2',
    'T.constant(%s) / 7',
    'T.constant(%s) * 1.1',
    'T.clip(T.constant(%s), 0, 126)',
    'T.as_tensor_variable([%s, T.constant(%s) * 2]).sum()',
    'T.inv(T.constant(%s))',
    'T.mean([%s, 3])',
]
SCALAR_CONSTANTS = ['100', '127', '-128', '200', '300', '2**31', '0.1', '1.1']
SCALAR_CONSTANTS += ['np.float32(1.1)', 'np.float64(3)', 'np.int8(100)']
X = T.vector('x')
V = T.lvector('v')
MODES = [theano.compile.Mode('py', None), theano.compile.Mode('py', 'fast_run')]


def evaluated(expression, **variables):
    """Return an expression's value, or the name of the error that it raises."""
    try:
        return eval(expression, {'np': np, 'T': T}, variables)
    except Exception as error:
        return type(error).__name__


def dtype_lines(constant):
    """Yield a line for each operation: the dtypes of its results for all dtypes."""
    value = evaluated(constant)
    for name, operation in OPERATIONS.items():
        found = []
        for dtype in DTYPES:
            try:
                found.append(operation(T.TensorType(dtype, (False,))(), value).dtype)
            except Exception as error:
                found.append(type(error).__name__)
        yield ' '.join([constant, name, *found])


def value_lines(group):
    """Yield a line for each expression of a group: its dtype and values.

    Parameters
    ----------
    group : str
        A dtype of x, 'indices' or 'scalars'.
    """
    if group == 'indices':
        inputs, given, forms, constants = {'v': V}, [np.arange(1000)], INDEXING, INDICES
    elif group == 'scalars':
        inputs, given, forms, constants = {}, [], SCALARS, SCALAR_CONSTANTS
    else:
        whole = [0, 1, 100, 127] if group.startswith('uint') else [0, 1, -2, 100]
        inputs = {'x': T.TensorType(group, (False,))('x')}
        given = [np.array(whole, group)]
        forms, constants = ARITHMETIC, VALUE_CONSTANTS
    expressions = [
        form.replace('%s', '(%s)' % constant)
        for constant in constants
        for form in forms
    ]
    graphs = [evaluated(expression, **inputs) for expression in expressions]
    valid = [graph for graph in graphs if not isinstance(graph, str)]
    with np.errstate(all='ignore'):
        plain, optimised = (
            theano.function(list(inputs.values()), valid, mode=mode)(*given)
            for mode in MODES
        )
    results = iter(zip(plain, optimised))
    for expression, graph in zip(expressions, graphs):
        if isinstance(graph, str):
            yield '%s: %s' % (expression, graph)
        else:
            shown = [
                '%s %s' % (value.dtype, str(value.tolist()).replace(' ', ''))
                for value in map(np.asarray, next(results))
            ]
            yield '%s: %s' % (expression, ' | '.join(sorted(set(shown))))


GROUPS = [*VALUE_DTYPES, 'indices', 'scalars']

if __name__ == '__main__':
    folder = Path(sys.argv[1])
    lines = [line for constant in CONSTANTS for line in dtype_lines(constant)]
    heading = ' '.join(['constant operation', *DTYPES])
    (folder / 'dtypes.txt').write_text('\n'.join([heading, *lines]) + '\n')
    for group in GROUPS:
        (folder / (group + '.txt')).write_text('\n'.join(value_lines(group)) + '\n')
