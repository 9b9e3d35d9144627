package dev.holdfast.dcs.etcd;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** Why a call to one endpoint failed. */
sealed interface Failure {
    /** Half a sentence. */
    String cause();

    /**
     * No answer: the endpoint is dead, hung or unreachable, or what lies between. Another may do
     * better.
     */
    record Silent(String cause) implements Failure {}

    /**
     * The endpoint answered that it cannot serve just now: no leader, no quorum, overload. Another
     * may do better.
     */
    record Unwell(String cause) implements Failure {}

    /** etcd refused the call for a reason that is the same everywhere. */
    record Refused(String cause) implements Failure {}

    /** etcd refused the user or the password. */
    record Unauthenticated(String cause) implements Failure {}

    /** etcd answered that the lease does not exist. */
    record LeaseNotFound(String cause) implements Failure {}

    static Failure of(Throwable thrown, Duration timeout) {
        // The innermost: when the sign-in before a call fails, whatever the reason, gRPC says that
        // the call was
        // unauthenticated, and an address that is dead would look like a wrong password.
        Optional<Status> innermost =
                causes(thrown)
                        .filter(StatusRuntimeException.class::isInstance)
                        .reduce((outer, inner) -> inner)
                        .map(Status::fromThrowable);
        Status status = innermost.orElse(Status.UNKNOWN);
        String said =
                Optional.ofNullable(status.getDescription())
                        .or(() -> Optional.ofNullable(thrown.getMessage()))
                        .orElse(thrown.toString())
                        .lines()
                        .findFirst()
                        .orElse("no reason given");
        if (said.contains("requested lease not found")) {
            return new LeaseNotFound(said);
        }
        if (said.contains("authentication")
                || said.contains("user name is empty")
                || said.contains("auth token")) {
            return new Unauthenticated(said);
        }
        return switch (status.getCode()) {
            case UNAUTHENTICATED, PERMISSION_DENIED -> new Unauthenticated(said);
            case INVALID_ARGUMENT,
                    FAILED_PRECONDITION,
                    OUT_OF_RANGE,
                    ALREADY_EXISTS,
                    RESOURCE_EXHAUSTED,
                    UNIMPLEMENTED,
                    NOT_FOUND ->
                    new Refused(said);
            case DEADLINE_EXCEEDED -> new Silent("no answer within " + timeout.toMillis() + " ms");
            case UNAVAILABLE, ABORTED, CANCELLED, UNKNOWN, INTERNAL, DATA_LOSS, OK ->
                    said.contains("etcdserver:")
                            ? new Unwell(said)
                            : new Silent(unreachable(thrown, said));
        };
    }

    private static String unreachable(Throwable thrown, String said) {
        Optional<Throwable> cause =
                causes(thrown).filter(t -> t instanceof java.io.IOException).findFirst();
        return switch (cause.orElse(thrown)) {
            case UnknownHostException e -> "its name cannot be resolved";
            case ConnectException e ->
                    String.valueOf(e.getMessage()).contains("refused")
                            ? "the connection was refused"
                            : "no connection: " + String.valueOf(e.getMessage());
            case java.io.IOException e ->
                    "the connection failed: " + String.valueOf(e.getMessage());
            default -> said;
        };
    }

    private static Stream<Throwable> causes(Throwable thrown) {
        return Stream.iterate(thrown, t -> t != null, Throwable::getCause).limit(20);
    }
}
