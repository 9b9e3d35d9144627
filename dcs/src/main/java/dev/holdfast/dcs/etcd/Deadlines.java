package dev.holdfast.dcs.etcd;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Puts a real deadline on every call but the watch. jetcd has none, and a time-out put around it
 * would leave the call queued, to be executed later and out of order.
 */
record Deadlines(Duration request, Duration lease) implements ClientInterceptor {
    private static final String WATCH_SERVICE = "etcdserverpb.Watch";
    private static final String LEASE_SERVICE = "etcdserverpb.Lease";

    @Override
    public <A, B> ClientCall<A, B> interceptCall(
            MethodDescriptor<A, B> method, CallOptions options, Channel next) {
        String service = method.getServiceName();
        if (WATCH_SERVICE.equals(service)) {
            return next.newCall(method, options);
        }
        Duration deadline = LEASE_SERVICE.equals(service) ? lease : request;
        return next.newCall(
                method, options.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS));
    }
}
