import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapHandler;
import org.eclipse.californium.core.CoapObserveRelation;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.elements.Connector;
import org.eclipse.californium.elements.EndpointContextMatcher;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.TcpConfig;
import org.eclipse.californium.elements.tcp.netty.TcpClientConnector;
import org.eclipse.californium.elements.tcp.netty.TcpServerConnector;

/**
 * A device made of Californium. `Peer coap://HOST:PORT` registers from the endpoint it serves on, reads, observes and writes;
 * `Peer coap+tcp://HOST:PORT` does so on the connection it opens; `Peer serve` only serves on TCP, and says on which port.
 * What it saw is lines of JSON; it stays until its standard input ends.
 */
public class Peer {
    /** Californium's TCP has no signalling: its 7.01 is written here, with Max-Message-Size 8192 and Block-Wise-Transfer. */
    static final byte[] CSM = {0x40, (byte) 0xe1, 0x22, 0x20, 0x00, 0x20};

    static final AttributeKey<Boolean> GREETED = AttributeKey.valueOf("greeted");

    static void greet(Channel channel) {
        if (channel.attr(GREETED).setIfAbsent(true) == null) channel.writeAndFlush(Unpooled.wrappedBuffer(CSM));
    }

    static class Greeting extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            greet(context.channel());
            context.fireChannelActive();
        }
    }

    static class Text extends CoapResource {
        Text(String name) {
            super(name);
        }

        @Override
        public void handleGET(CoapExchange exchange) {
            exchange.respond(ResponseCode.CONTENT, "californium", MediaTypeRegistry.TEXT_PLAIN);
        }
    }

    static class Counter extends CoapResource {
        volatile int value = 0;

        Counter() {
            super("counter");
            setObservable(true);
        }

        @Override
        public void handleGET(CoapExchange exchange) {
            exchange.respond(ResponseCode.CONTENT, "n" + value, MediaTypeRegistry.TEXT_PLAIN);
        }

        void count() {
            while (true) {
                sleep(100);
                value += 1;
                changed();
            }
        }
    }

    static class Data extends CoapResource {
        volatile byte[] content = new byte[0];

        Data() {
            super("data");
        }

        @Override
        public void handlePUT(CoapExchange exchange) {
            content = exchange.getRequestPayload();
            exchange.respond(ResponseCode.CHANGED);
        }

        @Override
        public void handleGET(CoapExchange exchange) {
            exchange.respond(ResponseCode.CONTENT, content, MediaTypeRegistry.APPLICATION_OCTET_STREAM);
        }
    }

    static Configuration configuration() {
        Configuration configuration = Configuration.createStandardWithoutFile();
        configuration.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 2 * 1024 * 1024);
        configuration.set(CoapConfig.MAX_MESSAGE_SIZE, 1024);
        configuration.set(CoapConfig.PREFERRED_BLOCK_SIZE, 1024);
        configuration.set(CoapConfig.TCP_NUMBER_OF_BULK_BLOCKS, 4);
        configuration.set(TcpConfig.TCP_WORKER_THREADS, 1);
        configuration.set(TcpConfig.TCP_CONNECTION_IDLE_TIMEOUT, 60, TimeUnit.SECONDS);
        return configuration;
    }

    static Connector connector(String what, Configuration configuration) {
        if (what.equals("serve")) {
            return new TcpServerConnector(new InetSocketAddress("127.0.0.1", 0), configuration) {
                @Override
                protected void onNewChannelCreated(Channel channel) {
                    channel.pipeline().addFirst(new Greeting());
                }
            };
        }
        return new TcpClientConnector(configuration) {
            @Override
            protected void send(Channel channel, EndpointContextMatcher matcher, RawData message) {
                greet(channel);
                super.send(channel, matcher, message);
            }
        };
    }

    public static void main(String[] args) throws Exception {
        TcpConfig.register();
        Configuration configuration = configuration();
        CoapEndpoint.Builder builder = CoapEndpoint.builder().setConfiguration(configuration);
        if (args[0].startsWith("coap://")) builder.setInetSocketAddress(new InetSocketAddress("127.0.0.1", 0));
        else builder.setConnector(connector(args[0], configuration));
        CoapEndpoint endpoint = builder.build();

        Counter counter = new Counter();
        CoapServer server = new CoapServer(configuration);
        server.addEndpoint(endpoint);
        server.add(new CoapResource("3").add((CoapResource) new CoapResource("0").add(new Text("1"))), counter, new Data());
        server.start();
        Thread counting = new Thread(counter::count);
        counting.setDaemon(true);
        counting.start();

        if (args[0].equals("serve")) say("{\"port\":" + endpoint.getAddress().getPort() + "}");
        else ask(endpoint, args[0]);
        while (System.in.read() >= 0) {}
        System.exit(0);
    }

    static void ask(CoapEndpoint endpoint, String base) throws Exception {
        CoapResponse registered = client(endpoint, base + "/rd?ep=californium&lt=300&b=U")
            .post("</3/0>,</counter>", MediaTypeRegistry.APPLICATION_LINK_FORMAT);
        long start = System.nanoTime();
        byte[] image = client(endpoint, base + "/image").get().getPayload();
        double seconds = Math.round((System.nanoTime() - start) / 1e6) / 1e3;
        say(String.format(java.util.Locale.ROOT, "{\"registerCode\":\"%s\",\"imageBytes\":%d,\"imageSha256\":\"%s\",\"seconds\":%.3f}",
            registered.getCode(), image.length, sha256(image), seconds));

        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        CoapObserveRelation relation = client(endpoint, base + "/counter").observe(new CoapHandler() {
            @Override
            public void onLoad(CoapResponse response) {
                seen.add("\"" + response.getResponseText() + "\"");
            }

            @Override
            public void onError() {
                seen.add("\"error\"");
            }
        });
        StringBuilder texts = new StringBuilder(seen.poll(10, TimeUnit.SECONDS));
        for (int at = 0; at < 3; at++) texts.append(",").append(seen.poll(10, TimeUnit.SECONDS));
        relation.proactiveCancel();

        byte[] body = new byte[65536];
        for (int at = 0; at < body.length; at++) body[at] = (byte) (at * 31 + (at >> 8));
        CoapResponse written = client(endpoint, base + "/upload").put(body, MediaTypeRegistry.APPLICATION_OCTET_STREAM);
        say("{\"seen\":[" + texts + "],\"writeCode\":\"" + written.getCode() + "\",\"writtenSha256\":\"" + sha256(body) + "\"}");
    }

    static CoapClient client(CoapEndpoint endpoint, String uri) {
        return new CoapClient(uri).setEndpoint(endpoint).setTimeout(30000L);
    }

    static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    static String sha256(byte[] bytes) throws Exception {
        StringBuilder text = new StringBuilder();
        for (byte one : MessageDigest.getInstance("SHA-256").digest(bytes)) text.append(String.format("%02x", one));
        return text.toString();
    }

    static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
