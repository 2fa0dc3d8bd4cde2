/* normal.h - quantiles of the standard normal distribution. */
#ifndef FV_METRICS_NORMAL_H
#define FV_METRICS_NORMAL_H

/* The z above which it is with probability `tail` (up to one half), by halving: 200 steps go down to the last bit of a number
 * below 64. */
double fv_normal_above(double tail);

#endif
