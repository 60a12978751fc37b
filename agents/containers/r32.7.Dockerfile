# TensorFlow for the tasks of a trial on L4T 32.7: JetPack 4.6.1 to 4.6.6: Python 3.6, TensorFlow 2.7.
ARG BASE=nvcr.io/nvidia/l4t-tensorflow:r32.7.1-tf2.7-py3
FROM ${BASE}
# NumPy's BLAS guesses the processor wrongly on these boards and ends with SIGILL.
ENV OPENBLAS_CORETYPE=ARMV8
# Several tasks share one GPU: none may take all of its memory.
ENV TF_FORCE_GPU_ALLOW_GROWTH=true
ENV TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /
ENTRYPOINT []
CMD ["python3"]
