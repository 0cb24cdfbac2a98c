#!/bin/sh
# Makes an environment with the packages that our quality models are compared with, which pin old
# versions of torch's surroundings, and fetches google-research/metricx (it is not on PyPI).
# Usage: scripts/parity_environment.sh DIR; some 6 GB of disk with PyPI's wheels of torch.
set -eu
dir=${1:?give the folder to make}
python3 -m venv "$dir/venv"
# unbabel-comet 2.2.7 pins protobuf 4: newer sentencepiece wants 5. torchmetrics 0.10 and COMET's
# own patch of sparsemax need pkg_resources, which setuptools 81 took out.
"$dir/venv/bin/python" -m pip install -q unbabel-comet==2.2.7 sentencepiece==0.2.0 'setuptools<81'
git clone -q https://github.com/google-research/metricx "$dir/metricx"
git -C "$dir/metricx" checkout -q fc4978eb064670f7cc33e93ea4f52d38396b8ae6
echo "export SAFEGLOT_PARITY_PYTHON=$dir/venv/bin/python"
echo "export SAFEGLOT_METRICX_SOURCE=$dir/metricx"
