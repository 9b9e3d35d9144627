package dev.holdfast.sim;

/** A promise of DESIGN.md that did not hold in a run. */
final class BrokenPromise extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenPromise(String sentence) {
        super(sentence);
    }
}
