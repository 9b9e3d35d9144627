package dev.holdfast.api.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Stands between the decoder and Vert.x on one connection. The decoder makes all requests of what
 * was read at once, and Vert.x keeps them until their turn comes: some text of a few kilobytes,
 * sent on some dozens of connections, would be all memory that the agent has. Nor may what clients
 * do not take pile up: both would end the agent, and so its PostgreSQL.
 */
final class ClientBounds extends ChannelDuplexHandler {
    /** Told of what is written and not taken yet. */
    interface Untaken {
        void is(long bytes);
    }

    private final int maxRequests;
    private final Runnable close;
    private final Untaken untaken;
    private int open;
    private boolean closed;

    /**
     * @param maxRequests that may be open at a time
     * @param close gives the connection up
     */
    ClientBounds(int maxRequests, Runnable close, Untaken untaken) {
        this.maxRequests = maxRequests;
        this.close = close;
        this.untaken = untaken;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest) {
            open++;
        }
        if (!closed && open > maxRequests) {
            closed = true;
            close.run();
        }
        if (closed) {
            // The decoder goes on with what it has.
            ReferenceCountUtil.release(message);
        } else {
            ctx.fireChannelRead(message);
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof LastHttpContent && open > 0) {
            open--;
        }
        var _ = ctx.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        ctx.flush();
        untaken.is(untaken(ctx.channel()));
    }

    /** How many bytes a client has not taken. */
    static long untaken(Channel channel) {
        ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
        return waiting == null ? 0 : waiting.totalPendingWriteBytes();
    }
}
