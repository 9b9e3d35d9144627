package dev.holdfast.dcs.etcd;

/**
 * etcd answered, and the answer was no. Stays inside: what the port knows as a result becomes one.
 */
final class EtcdRefusal extends RuntimeException {
    private final transient Failure failure;
    private final String sentence;

    EtcdRefusal(Failure failure, String sentence) {
        super(sentence);
        this.sentence = sentence;
        this.failure = failure;
    }

    String sentence() {
        return sentence;
    }

    Failure failure() {
        return failure;
    }
}
