# TensorFlow for the tasks of a trial on L4T 35.3: JetPack 5.1.1: Python 3.8, TensorFlow 2.
ARG BASE=dustynv/l4t-tensorflow:tf2-r35.3.1
FROM ${BASE}
# NumPy's BLAS guesses the processor wrongly on these boards and ends with SIGILL.
ENV OPENBLAS_CORETYPE=ARMV8
# Several tasks share one GPU: none may take all of its memory.
ENV TF_FORCE_GPU_ALLOW_GROWTH=true
ENV TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /
ENTRYPOINT []
CMD ["python3"]
