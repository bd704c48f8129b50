#!/usr/bin/env bash
# Make one file that lets a bare x86-64 machine (such as Ubuntu 24.04 with a C++ compiler
# and the GPU driver, without network) run the device tests and the benchmark:
#
#     tests/gpu/make_bundle.sh [FILE]             # on Debian 12, with a network
#     tar xJf FILE && bundle/run.sh cuda0         # there
#
# It contains Debian's Python 3.11, libgpuarray and pygpu, packages from PyPI, this package
# and its tests. Everything is installed into a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
output=$(realpath "${1:-lasagne-stn-bundle.tar.xz}")
debian='python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libpython3.11-dev
    python3-distutils libgpuarray3 libgpuarray-dev python3-pygpu
    libffi8 libexpat1 zlib1g libbz2-1.0 liblzma5 libsqlite3-0'
pypi='pytest>=7 hypothesis>=6 mako>=1.1 click>=8 rich>=12'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
source=$scratch/source              # without the files of an earlier build
bundle=$scratch/bundle
mkdir -p "$root" "$source" "$bundle"/{bin,lib,include,site}
cp -r "$here"/{lasagne_stn,tests,setup.cfg,pyproject.toml,README.md,LICENSE} "$source"

cd "$scratch"
# shellcheck disable=SC2086        # a list
apt-get download -q $debian
for package in *.deb; do
  dpkg -x "$package" "$root"
done
# shellcheck disable=SC2086
python3.11 -m pip install -q --no-compile --target "$bundle/site" "$source" $pypi

cp "$root/usr/bin/python3.11" "$bundle/bin/"
cp -r "$root/usr/lib/python3.11" "$bundle/lib/"
cp -r "$root/usr/include/python3.11" "$root/usr/include/gpuarray" "$bundle/include/"
# Debian's pyconfig.h only includes this one, by its path in the system.
cp "$root"/usr/include/x86_64-linux-gnu/python3.11/pyconfig.h \
  "$bundle/include/python3.11/"
find "$root" -name '*.so.*' -exec cp -L {} "$bundle/lib/" \;
ln -s libgpuarray.so.3 "$bundle/lib/libgpuarray.so"
ar rc "$bundle/lib/libpython3.11.a"     # Theano links it; python3.11 has its contents
cp -r "$root/usr/lib/python3/dist-packages/pygpu" "$bundle/site/"
cp -r "$source"/{tests,setup.cfg,tests/gpu/run.sh} "$bundle/"

# Remove what the tests do not use.
rm -rf "$bundle"/lib/python3.11/{config-3.11-*,test,idlelib,tkinter,ensurepip,lib2to3} \
  "$bundle"/lib/python3.11/sitecustomize.py "$bundle/site/bin"
find "$bundle/lib" "$bundle/site" -depth -type d \
  '(' -name tests -o -name test -o -name __pycache__ ')' -exec rm -rf {} +
find "$bundle" -name '*.so*' -type f -exec strip --strip-unneeded {} +

tar cJf "$output.part" -C "$scratch" bundle
mv "$output.part" "$output"
du -h "$output"
