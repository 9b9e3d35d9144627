package dev.holdfast.chaos;

import java.util.Optional;

/** No hosts at all: everything is on this machine, at 127.0.0.1, told apart by its ports. */
record OneMachine(Account account) implements Hosts, Host {
    @Override
    public String name() {
        return "this machine";
    }

    @Override
    public String address() {
        return "127.0.0.1";
    }

    @Override
    public Account root() {
        return Account.unchanged();
    }

    @Override
    public Optional<MemoryGroup> memory() {
        return Optional.empty();
    }

    @Override
    public Host named(String member) {
        return this;
    }

    @Override
    public Host client() {
        return this;
    }

    @Override
    public String spareAddress(int number) {
        throw new IllegalStateException("processes of one machine have no network: plan hosts");
    }

    @Override
    public Visit enter() {
        return () -> {};
    }

    @Override
    public void cut(Cut cut) {
        throw new IllegalStateException(
                "there is no network to cut between processes of one machine: " + cut);
    }

    @Override
    public void mend() {}

    @Override
    public void close() {}
}
