package dev.holdfast.agent.guard;

/** How a postmaster ended. */
public sealed interface ExitCause {

    /** It exited by itself; 0 is a clean shutdown. */
    record Status(int status) implements ExitCause {}

    /** A signal ended it, by the signal's number. */
    record Signalled(int number) implements ExitCause {}

    /** It was adopted and not the guard's child, so that nobody told the guard. */
    record Unknown() implements ExitCause {}
}
