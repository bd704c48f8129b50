/* T.inc_subtensor and T.set_subtensor with index arrays, computed by numpy itself. */

static int inplace_increment(PyArrayObject* a, PyObject* index, PyArrayObject* inc,
                             int inc_or_set) {
  if (!inc_or_set) return PyObject_SetItem((PyObject*)a, index, (PyObject*)inc);

  /* np.add.at(a, index, inc) adds repeatedly where an index is repeated. */
  PyObject* numpy = PyImport_ImportModule("numpy");
  if (numpy == NULL) return -1;
  PyObject* add = PyObject_GetAttrString(numpy, "add");
  Py_DECREF(numpy);
  if (add == NULL) return -1;
  PyObject* none = PyObject_CallMethod(add, "at", "OOO", a, index, inc);
  Py_DECREF(add);
  Py_XDECREF(none);
  return none == NULL ? -1 : 0;
}
