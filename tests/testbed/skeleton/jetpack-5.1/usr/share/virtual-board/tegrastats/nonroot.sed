# What only root is told: APE, MTS and every clock but the processors'.
s/ (APE|VIC_FREQ) [0-9]+(%@[0-9]+)?//g
s/ MTS fg [0-9]+% bg [0-9]+%//
s/((EMC|GR3D)_FREQ [0-9]+%)@[^ ]+/\1/g
