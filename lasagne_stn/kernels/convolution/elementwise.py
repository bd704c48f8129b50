"""Recognises rectified linear units, and their derivatives, by their values.

There are many ways to write them: ``maximum(x, 0)``, ``(x + abs(x)) / 2``,
``switch(x > 0, x, 0)``. All are element-wise, so they are recognised by what they
compute from a few numbers.
"""

from __future__ import annotations

from typing import Collection

import numpy as np
import theano
from theano import Variable
from theano import tensor as T

__all__ = [
    'is_elementwise',
    'is_relu',
    'relu_derivative',
    'depends_on',
    'incoming_gradient',
    'elementwise_ancestors',
]

POINTS = (-3.0, -0.7, -0.01, 0.02, 0.9, 2.5)
TOLERANCE = 1e-6


def is_elementwise(variable: Variable) -> bool:
    """Return whether a variable is the output of an element-wise operation."""
    return variable.owner is not None and isinstance(variable.owner.op, T.Elemwise)


def is_relu(output: Variable, variable: Variable) -> bool:
    """Return whether one variable is max(0, another one).

    >>> x = T.matrix()
    >>> is_relu(0.5 * (x + abs(x)), x), is_relu(T.maximum(x, 1), x)
    (True, False)
    """
    for point in (*POINTS, 0.0):
        found = _value(output, {variable: point})
        if found is None or abs(found - max(point, 0)) > TOLERANCE:
            return False
    return True


def relu_derivative(
    gradient: Variable, variable: Variable, incoming: Variable
) -> float | None:
    """Return relu's derivative at 0 if a gradient is that of relu, otherwise None.

    Parameters
    ----------
    gradient : Theano variable
        The gradient with respect to relu's input.
    variable : Theano variable
        Relu's input.
    incoming : Theano variable
        The gradient with respect to relu's output.

    Examples
    --------
    >>> x, incoming = T.matrices('x', 'incoming')
    >>> relu_derivative(incoming * (x > 0), x, incoming)
    0.0
    >>> relu_derivative(incoming * (x > 1), x, incoming) is None
    True
    """

    def at(point, share):
        return _value(gradient, {variable: point, incoming: share})

    for share in (-2.0, 0.5, 3.0):
        for point in POINTS:
            found = at(point, share)
            if found is None or abs(found - share * (point > 0)) > TOLERANCE:
                return None
    slopes = [at(0.0, 1.0), at(0.0, -2.0)]
    if None in slopes or abs(slopes[1] + 2 * slopes[0]) > TOLERANCE:
        return None
    return slopes[0]


def depends_on(output: Variable, variable: Variable) -> bool:
    """Return whether a variable is made from another one by element-wise operations."""
    return variable in elementwise_ancestors(output)


def incoming_gradient(
    gradient: Variable, variable: Variable
) -> tuple[Variable, float] | None:
    """Return the gradient to relu's output that a gradient to its input is made from.

    Parameters
    ----------
    gradient : Theano variable
        The gradient with respect to relu's input.
    variable : Theano variable
        Relu's input.

    Returns
    -------
    tuple or None
        The gradient and relu's derivative at 0; None if there is no such gradient.
    """
    for candidate in elementwise_ancestors(gradient):
        if candidate.type == gradient.type and candidate not in (variable, gradient):
            slope = relu_derivative(gradient, variable, candidate)
            if slope is not None:
                return candidate, slope
    return None


def elementwise_ancestors(
    output: Variable, stop: Collection[Variable] = ()
) -> list[Variable]:
    """Return a variable and all that it is made from by element-wise operations.

    The nearest come first.

    Parameters
    ----------
    output : Theano variable
        Where the search begins.
    stop : collection of Theano variables, optional
        What is found, but not searched further.
    """
    found, seen = [output], {output}
    for variable in found:
        if is_elementwise(variable) and variable not in stop:
            new = [
                each
                for each in dict.fromkeys(variable.owner.inputs)
                if each not in seen
            ]
            found.extend(new)
            seen.update(new)
    return found


def _constant(variable):
    """Return the number that a variable is everywhere; None if it is not known."""
    while variable.owner is not None and isinstance(variable.owner.op, T.DimShuffle):
        variable = variable.owner.inputs[0]
    if isinstance(variable, theano.Constant) and np.size(variable.data) == 1:
        return float(np.ravel(variable.data)[0])
    return None


def _value(variable: Variable, known: dict[Variable, float | None]) -> float | None:
    """Return an element-wise expression's value for numbers; None if it is not one.

    What is found is added to `known`, because variables may be used many times.
    """
    if variable not in known:
        known[variable] = _compute(variable, known)
    return known[variable]


def _compute(variable, known):
    number = _constant(variable)
    if number is not None or not is_elementwise(variable):
        return number
    values = [_value(each, known) for each in variable.owner.inputs]
    if None in values:
        return None
    scalar_op = variable.owner.op.scalar_op
    try:
        return float(scalar_op.impl(*values))
    except (TypeError, ValueError, ArithmeticError, NotImplementedError):
        return None
