package dev.holdfast.ctl;

/**
 * One thing that is not as it should be.
 *
 * @param where a member's name, or the cluster's
 * @param code stable, for scripts
 * @param what is wrong, the beginning of a sentence
 * @param advice what to do about it, the end of the sentence
 */
record Finding(String where, String code, String what, String advice) {
    /** All of it on one line. */
    String line() {
        return where + ": " + what.replace('\n', ' ') + ": " + advice;
    }
}
