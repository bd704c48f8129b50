#!/usr/bin/env bash
# Run the device's tests and the benchmark on this machine, from a bundle made by
# make_bundle.sh and unpacked here:
#
#     bundle/run.sh [DEVICE [COMMAND...]]
#
# DEVICE is Theano's name for it, cuda0 by default. A COMMAND runs instead of the tests
# and the benchmark. Requires a C++ compiler and, for CUDA, the driver and the libraries
# nvrtc and cublas. Compiled code goes into the bundle's folder.
set -euo pipefail
bundle=$(cd "$(dirname "$0")" && pwd)
device=${1:-cuda0}
shift || true

if ! command -v g++ >/dev/null; then
  echo 'A C++ compiler is missing: apt-get install g++'
  exit 1
fi

# Print the newest library with a name: in CUDA_HOME, else anywhere.
library() {
  for folder in "${CUDA_HOME:-/usr/local}" /usr /opt; do
    found=$(find "$folder" -name "$1" -not -path '*/stubs/*' 2>/dev/null | sort -V |
      tail -n 1) || true
    [[ ! $found ]] || break
  done
  echo "$found"
}
# libgpuarray opens CUDA's libraries by names without a number, which only the
# developers' packages have.
if [[ $device == cuda* ]]; then
  mkdir -p "$bundle/cuda"
  for name in libcuda.so.1 'libnvrtc.so.1[0-9]' 'libcublas.so.1[0-9]'; do
    found=$(library "$name")
    if [[ ! $found ]]; then
      echo "CUDA's library $name is missing; set CUDA_HOME to its folder"
      exit 1
    fi
    ln -sf "$found" "$bundle/cuda/${name%%.so*}.so"
    LD_LIBRARY_PATH=$(dirname "$found")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  done
  LD_LIBRARY_PATH=$bundle/cuda:$LD_LIBRARY_PATH
fi

export PYTHONHOME=$bundle PYTHONPATH=$bundle/site PYTHONNOUSERSITE=1
export PATH=$bundle/bin:$PATH CPATH=$bundle/include LIBRARY_PATH=$bundle/lib
export LD_LIBRARY_PATH=$bundle/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export GPUARRAY_CACHE_PATH=$bundle/kernels
flags=base_compiledir=$bundle/compiled,floatX=float32,dnn.enabled=False
unset THEANO_GPU_IS_ALREADY_ACTIVE THEANORC

cd "$bundle"
if [[ $# -gt 0 ]]; then
  THEANO_FLAGS=$flags,device=$device exec "$@"
fi
THEANO_FLAGS=$flags,device=$device python3.11 -m lasagne_stn doctor
# The C++ code only launches kernels.
THEANO_FLAGS=$flags,gcc.cxxflags=-O0,device=$device python3.11 -m pytest tests/device
THEANO_FLAGS=$flags python3.11 -m lasagne_stn bench --device "$device"
