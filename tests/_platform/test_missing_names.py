"""Names that the installed Lasagne lacks, and Lasagne 0.2.dev1 where it can be had."""

import os
import subprocess
import sys
from types import ModuleType

import lasagne
import pytest

from lasagne_stn._platform.missing_names import NAMES, explain_missing_names

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OLD = lasagne.__version__ == '0.1'
needs_0_1 = pytest.mark.skipif(not OLD, reason='about names that Lasagne 0.1 lacks')


@needs_0_1
def test_importing_a_missing_name_says_which_lasagne_has_it():
    with pytest.raises(ImportError) as caught:
        from lasagne.layers import batch_norm  # noqa: F401
    assert not isinstance(caught.value, ModuleNotFoundError)
    text = str(caught.value)
    assert "module 'lasagne.layers' has no attribute 'batch_norm'" in text
    assert 'Lasagne 0.2.dev1 has it, Lasagne 0.1 does not' in text
    assert 'Run: pip install --upgrade https://github.com/Lasagne/' in text
    with pytest.raises(ImportError, match='0.2.dev1 has it'):
        from lasagne.layers.normalization import BatchNormLayer  # noqa: F401


@needs_0_1
def test_getting_a_missing_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match='no attribute .elu.: Lasagne 0.2.dev1'):
        lasagne.nonlinearities.elu  # noqa: B018
    with pytest.raises(AttributeError, match='so does lasagne_stn'):
        lasagne.layers.TransformerLayer  # noqa: B018
    assert not hasattr(lasagne.objectives, 'multiclass_hinge_loss')
    assert getattr(lasagne.updates, 'amsgrad', None) is None


def test_a_name_that_no_lasagne_has_is_an_ordinary_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'$"):
        lasagne.layers.nonsense  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        from lasagne.layers import nonsense  # noqa: F401


def test_a_module_keeps_a_getattr_of_its_own(monkeypatch):
    module = ModuleType('lasagne.updates')
    module.__getattr__ = own = lambda name: name
    monkeypatch.setitem(sys.modules, 'lasagne.updates', module)
    explain_missing_names()
    assert module.__getattr__ is own


@needs_0_1
def test_layers_for_cudnn_say_what_to_use():
    with pytest.raises(ImportError, match='Conv2DLayer for Conv2DDNNLayer'):
        from lasagne.layers import dnn  # noqa: F401


PROGRAM = """
import lasagne_stn, lasagne, theano, theano.tensor as T, numpy as np
from lasagne.layers import *
from lasagne.nonlinearities import elu, softmax

assert lasagne.__version__ == '0.2.dev1', lasagne.__version__
for module, names in lasagne_stn._platform.missing_names.NAMES.items():
    for name in names.split():
        getattr(__import__('sys').modules[module], name)
incoming = InputLayer((None, 1, 12, 10))
theta = lasagne_stn.localisation_head(DenseLayer(incoming, 5), lasagne_stn.Affine())
warped = lasagne_stn.TransformerLayer(incoming, theta)
features = batch_norm(Conv2DLayer(warped, 3, 3, flip_filters=False, nonlinearity=elu))
network = DenseLayer(features, 4, nonlinearity=softmax)
labels = T.ivector()
loss = lasagne.objectives.categorical_crossentropy(get_output(network), labels).mean()
updates = lasagne.updates.amsgrad(loss, get_all_params(network, trainable=True))
train = theano.function([incoming.input_var, labels], loss, updates=updates)
rng = np.random.default_rng(3)
images, digits = rng.random((8, 1, 12, 10)), np.arange(8, dtype='int32') % 4
losses = [train(images.astype(theano.config.floatX), digits) for _ in range(60)]
assert losses[-1] < 0.5 * losses[0], losses
theirs = lasagne.layers.TransformerLayer(incoming, theta)
ours = lasagne_stn.TransformerLayer(incoming, theta)
both = theano.function([incoming.input_var], get_output([theirs, ours]))
np.testing.assert_allclose(*both(images.astype(theano.config.floatX)), atol=1e-5)
"""


@pytest.mark.skipif(
    'LASAGNE_STN_LASAGNE_DEV' not in os.environ,
    reason='LASAGNE_STN_LASAGNE_DEV must be the folder of an installed Lasagne '
    '0.2.dev1, made by pip install --target FOLDER --no-deps SOURCE',
)
def test_lasagne_0_2_trains_a_network_with_batch_normalisation(environment):
    folder = os.environ['LASAGNE_STN_LASAGNE_DEV']
    environment = dict(environment, PYTHONPATH=os.pathsep.join([folder, ROOT]))
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_listed_modules_exist():
    assert set(NAMES) <= set(sys.modules)
