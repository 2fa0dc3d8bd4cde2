/* student.h - Student's t distribution. */
#ifndef FV_METRICS_STUDENT_H
#define FV_METRICS_STUDENT_H

/* The chance that a t of so many degrees of freedom (> 0, whole or not) is further from 0 than `t`, on either side. */
double fv_student_beyond(double t, double degrees);
/* The t > 0 beyond which, on either side, it is with probability `chance` (0 < chance < 1). */
double fv_student_at(double chance, double degrees);

#endif
