import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.MessageCallback;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.auth.RawPublicKeyIdentity;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.SslContextUtil;
import org.eclipse.californium.elements.util.StringUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.MaxFragmentLengthExtension.Length;
import org.eclipse.californium.scandium.dtls.SingleNodeConnectionIdGenerator;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;

/**
 * A client or a server made of Scandium: `Peer client|server PORT NAME=VALUE...`. A client sends what it reads as lines, and
 * `/resume` makes it begin with a shortened handshake; a server says back what it hears. What it saw is said in lines.
 */
public class Peer {
    static Map<String, String> options = new HashMap<>();
    static DTLSConnector connector;
    static InetSocketAddress server;

    static synchronized void say(String what) {
        System.out.println(what);
        System.out.flush();
    }

    public static void main(String[] args) throws Exception {
        for (int i = 2; i < args.length; i++) options.put(args[i].split("=", 2)[0], args[i].split("=", 2)[1]);
        boolean isClient = args[0].equals("client");
        int port = Integer.parseInt(args[1]);
        InetAddress host = InetAddress.getByName("127.0.0.1");
        server = new InetSocketAddress(host, port);
        connector = new DTLSConnector(config(isClient, new InetSocketAddress(host, isClient ? 0 : port)));
        connector.setRawDataReceiver(raw -> heard(raw, isClient));
        connector.start();
        say("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.equals("/resume")) connector.forceResumeAllSessions();
            else send(line);
        }
        connector.destroy();
    }

    static DtlsConnectorConfig config(boolean isClient, InetSocketAddress address) throws Exception {
        DtlsConfig.register();
        DtlsConnectorConfig.Builder builder = DtlsConnectorConfig.builder(new Configuration(DtlsConfig.DEFINITIONS));
        builder.setAddress(address);
        builder.set(DtlsConfig.DTLS_ROLE, isClient ? DtlsRole.CLIENT_ONLY : DtlsRole.SERVER_ONLY);
        builder.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
        builder.set(DtlsConfig.DTLS_USE_SERVER_NAME_INDICATION, true);
        builder.set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 500, TimeUnit.MILLISECONDS);
        builder.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.getTypeByName(options.get("suite")));
        if (options.containsKey("groups")) builder.setAsListFromText(DtlsConfig.DTLS_CURVES, options.get("groups").split(","));
        if (options.containsKey("mtu")) builder.set(DtlsConfig.DTLS_MAX_TRANSMISSION_UNIT, Integer.parseInt(options.get("mtu")));
        if (options.containsKey("limit")) builder.set(DtlsConfig.DTLS_RECORD_SIZE_LIMIT, Integer.parseInt(options.get("limit")));
        if (options.containsKey("fragment")) builder.set(DtlsConfig.DTLS_MAX_FRAGMENT_LENGTH, Length.valueOf("BYTES_" + options.get("fragment")));
        if (options.containsKey("cid")) builder.setConnectionIdGenerator(new SingleNodeConnectionIdGenerator(Integer.parseInt(options.get("cid"))));
        if (options.containsKey("psk")) {
            byte[] key = StringUtil.hex2ByteArray(options.get("psk"));
            builder.setAdvancedPskStore(new AdvancedSinglePskStore(options.get("identity"), key));
        } else certificates(builder, isClient);
        return builder.build();
    }

    static void certificates(DtlsConnectorConfig.Builder builder, boolean isClient) throws Exception {
        SslContextUtil.Credentials own = SslContextUtil.loadCredentials(options.get("own"));
        Certificate[] trusted = SslContextUtil.loadTrustedCertificates(options.get("trusted"));
        boolean isRaw = options.get("type").equals("rpk");
        CertificateType type = isRaw ? CertificateType.RAW_PUBLIC_KEY : CertificateType.X_509;
        PublicKey key = own.getCertificateChain()[0].getPublicKey();
        builder.setCertificateIdentityProvider(
            isRaw
                ? new SingleCertificateProvider(own.getPrivateKey(), key)
                : new SingleCertificateProvider(own.getPrivateKey(), own.getCertificateChain(), CertificateType.X_509));
        StaticNewAdvancedCertificateVerifier.Builder verifier = StaticNewAdvancedCertificateVerifier.builder();
        verifier.setSupportedCertificateTypes(Arrays.asList(type));
        if (isRaw) verifier.setTrustedRPKs(new RawPublicKeyIdentity(trusted[0].getPublicKey()));
        else verifier.setTrustedCertificates(trusted);
        builder.setAdvancedCertificateVerifier(verifier.build());
        if (!isClient) builder.set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, CertificateAuthenticationMode.NEEDED);
    }

    static void heard(RawData raw, boolean isClient) {
        String text = new String(raw.getBytes(), StandardCharsets.UTF_8);
        Principal sender = raw.getSenderIdentity();
        say("heard <" + text + "> of " + (sender == null ? "nobody" : sender.getName()) + " from " + raw.getInetSocketAddress().getPort());
        if (isClient) return;
        byte[] echo = ("echo " + text).getBytes(StandardCharsets.UTF_8);
        connector.send(RawData.outbound(echo, raw.getEndpointContext(), watching(), false));
    }

    static void send(String line) {
        EndpointContext context = new AddressEndpointContext(server, "server.example", null);
        connector.send(RawData.outbound(line.getBytes(StandardCharsets.UTF_8), context, watching(), false));
    }

    static MessageCallback watching() {
        return new MessageCallback() {
            @Override
            public void onConnecting() {
                say("connecting");
            }

            @Override
            public void onDtlsRetransmission(int flight) {
                say("again " + flight);
            }

            @Override
            public void onContextEstablished(EndpointContext context) {
                say("session " + context.getString(DtlsEndpointContext.KEY_CIPHER)
                    + " writes <" + context.get(DtlsEndpointContext.KEY_WRITE_CONNECTION_ID)
                    + "> reads <" + context.get(DtlsEndpointContext.KEY_READ_CONNECTION_ID) + ">");
            }

            @Override
            public void onSent() {}

            @Override
            public void onError(Throwable error) {
                say("failed " + error);
            }
        };
    }
}
