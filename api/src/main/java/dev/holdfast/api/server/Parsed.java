package dev.holdfast.api.server;

/** What became of a request's body. */
public sealed interface Parsed<T> {
    /** It says what it may. */
    record Valid<T>(T value) implements Parsed<T> {}

    /**
     * It does not.
     *
     * @param status 400, or 422 for an instant that cannot be scheduled
     * @param sentence what was found, where, and what is expected
     */
    record Invalid<T>(int status, String sentence) implements Parsed<T> {}
}
