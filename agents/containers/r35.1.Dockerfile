# TensorFlow for the tasks of a trial on L4T 35.1: JetPack 5.0.2: Python 3.8, TensorFlow 2.9.
ARG BASE=nvcr.io/nvidia/l4t-tensorflow:r35.1.0-tf2.9-py3
FROM ${BASE}
# NumPy's BLAS guesses the processor wrongly on these boards and ends with SIGILL.
ENV OPENBLAS_CORETYPE=ARMV8
# Several tasks share one GPU: none may take all of its memory.
ENV TF_FORCE_GPU_ALLOW_GROWTH=true
ENV TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /
ENTRYPOINT []
CMD ["python3"]
