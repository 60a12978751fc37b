# TensorFlow for the tasks of a trial on L4T 36.3: JetPack 6.0: Python 3.10, TensorFlow 2.
# No release of 36 but 36.2 has an image with TensorFlow; on this one it was not tried.
ARG BASE=dustynv/l4t-tensorflow:tf2-r36.2.0
FROM ${BASE}
# NumPy's BLAS guesses the processor wrongly on these boards and ends with SIGILL.
ENV OPENBLAS_CORETYPE=ARMV8
# Several tasks share one GPU: none may take all of its memory.
ENV TF_FORCE_GPU_ALLOW_GROWTH=true
ENV TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /
ENTRYPOINT []
CMD ["python3"]
