# What only root is told: APE, MTS, every clock but the processors' and the power rails.
s/ (APE|VIC_FREQ) [0-9]+(%@[0-9]+)?//g
s/ MTS fg [0-9]+% bg [0-9]+%//
s/((EMC|GR3D)_FREQ [0-9]+%)@[^ ]+/\1/g
s/( (GPU|CPU|SOC|CV|VDDRQ|SYS5V) [0-9]+\/[0-9]+)+//g
