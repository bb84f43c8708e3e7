/* Compiler attributes used by every header of predeploy. */
#ifndef PD_BASE_ATTR_H
#define PD_BASE_ATTR_H

#define PD_CHECKED __attribute__((warn_unused_result))
#define PD_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define PD_CLEANUP(function) __attribute__((cleanup(function)))
#define PD_NONNULL_RESULT __attribute__((returns_nonnull))
#define PD_UNUSED __attribute__((unused))

#endif
