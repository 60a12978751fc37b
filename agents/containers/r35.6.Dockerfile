# TensorFlow for the tasks of a trial on L4T 35.6: JetPack 5.1.4 and 5.1.5: Python 3.8, TensorFlow 2.
# Images of L4T 35 run on all of it.
ARG BASE=dustynv/l4t-tensorflow:tf2-r35.4.1
FROM ${BASE}
# NumPy's BLAS guesses the processor wrongly on these boards and ends with SIGILL.
ENV OPENBLAS_CORETYPE=ARMV8
# Several tasks share one GPU: none may take all of its memory.
ENV TF_FORCE_GPU_ALLOW_GROWTH=true
ENV TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /
ENTRYPOINT []
CMD ["python3"]
