import static org.eclipse.leshan.client.object.Security.noSec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.network.config.NetworkConfig;
import org.eclipse.leshan.client.californium.LeshanClient;
import org.eclipse.leshan.client.californium.LeshanClientBuilder;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.resource.BaseInstanceEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.servers.ServerIdentity;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.model.ResourceModel.Operations;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.core.response.WriteResponse;

/** A meter made of Leshan: Device, Firmware Update and Software Management objects, pulls with Californium's own block-wise client. */
public class Peer {
    static String version = "2.4.0";

    public static class Device extends BaseInstanceEnabler {
        @Override
        public ReadResponse read(ServerIdentity identity, int resource) {
            switch (resource) {
            case 0: return ReadResponse.success(resource, "Leshan");
            case 1: return ReadResponse.success(resource, "WM-300");
            case 2: return ReadResponse.success(resource, "4711");
            case 3: return ReadResponse.success(resource, version);
            case 11: return ReadResponse.success(resource, java.util.Map.of(0, 0L), org.eclipse.leshan.core.model.ResourceModel.Type.INTEGER);
            case 16: return ReadResponse.success(resource, "U");
            default: return super.read(identity, resource);
            }
        }

        @Override
        public List<Integer> getAvailableResourceIds(ObjectModel model) {
            return Arrays.asList(0, 1, 2, 3, 4, 11, 16);
        }
    }

    public static class Firmware extends BaseInstanceEnabler {
        static long method = 2;
        long state = 0;
        long result = 0;
        String uri = "";
        byte[] image = new byte[0];

        @Override
        public ReadResponse read(ServerIdentity identity, int resource) {
            switch (resource) {
            case 1: return ReadResponse.success(resource, uri);
            case 3: return ReadResponse.success(resource, state);
            case 5: return ReadResponse.success(resource, result);
            case 9: return ReadResponse.success(resource, method);
            default: return super.read(identity, resource);
            }
        }

        @Override
        public WriteResponse write(ServerIdentity identity, int resource, LwM2mResource value) {
            if (resource == 0) {
                image = (byte[]) value.getValue();
                if (image.length <= 1) set(0, 0);
                else set(2, 0);
                return WriteResponse.success();
            }
            if (resource == 1) {
                uri = (String) value.getValue();
                if (uri.isEmpty()) { set(0, 0); return WriteResponse.success(); }
                set(1, 0);
                new Thread(this::pull).start();
                return WriteResponse.success();
            }
            return super.write(identity, resource, value);
        }

        @Override
        public ExecuteResponse execute(ServerIdentity identity, int resource, String parameters) {
            if (resource != 2 || state != 2) return ExecuteResponse.methodNotAllowed();
            set(3, 0);
            new Thread(() -> {
                sleep(300);
                version = new String(image, 0, Math.min(image.length, 400)).replaceFirst("(?s).*\"version\":\"([^\"]+)\".*", "$1");
                set(0, 1);
                report("installed " + version);
                reboot = true;
            }).start();
            return ExecuteResponse.success();
        }

        void pull() {
            try {
                CoapResponse response = new CoapClient(uri).setTimeout(30000L).get();
                if (response == null || !response.isSuccess()) { set(0, 7); return; }
                image = response.getPayload();
                report("pulled " + image.length);
                set(2, 0);
            } catch (Exception error) {
                set(0, 4);
            }
        }

        void set(long state, long result) {
            this.state = state;
            this.result = result;
            fireResourcesChange(3, 5);
        }

        @Override
        public List<Integer> getAvailableResourceIds(ObjectModel model) {
            return Arrays.asList(0, 1, 2, 3, 5, 9);
        }
    }

    /** A package of Object 9. The client makes the instance when the server asks for one. */
    public static class Software extends BaseInstanceEnabler {
        static final int OBJECT = 9;
        String name = "";
        String packageVersion = "";
        long state = 0;
        long result = 0;
        boolean active = false;

        static ObjectModel model() {
            return new ObjectModel(OBJECT, "Software Management", "", "1.0", true, false,
                resource(0, Operations.R, Type.STRING), resource(1, Operations.R, Type.STRING),
                resource(2, Operations.W, Type.OPAQUE), resource(3, Operations.W, Type.STRING),
                resource(4, Operations.E, null), resource(6, Operations.E, null),
                resource(7, Operations.R, Type.INTEGER), resource(9, Operations.R, Type.INTEGER),
                resource(10, Operations.E, null), resource(11, Operations.E, null),
                resource(12, Operations.R, Type.BOOLEAN));
        }

        static ResourceModel resource(int id, Operations operations, Type type) {
            return new ResourceModel(id, "r" + id, operations, false, false, type, "", "", "");
        }

        @Override
        public ReadResponse read(ServerIdentity identity, int resource) {
            switch (resource) {
            case 0: return ReadResponse.success(resource, name);
            case 1: return ReadResponse.success(resource, packageVersion);
            case 7: return ReadResponse.success(resource, state);
            case 9: return ReadResponse.success(resource, result);
            case 12: return ReadResponse.success(resource, active);
            default: return super.read(identity, resource);
            }
        }

        @Override
        public WriteResponse write(ServerIdentity identity, int resource, LwM2mResource value) {
            if (state != 0) return WriteResponse.badRequest("not in INITIAL");
            if (resource == 2) { delivered((byte[]) value.getValue()); return WriteResponse.success(); }
            if (resource != 3) return super.write(identity, resource, value);
            String uri = (String) value.getValue();
            set(1, 1);
            new Thread(() -> {
                try {
                    CoapResponse response = new CoapClient(uri).setTimeout(30000L).get();
                    if (response == null || !response.isSuccess()) set(0, 57);
                    else delivered(response.getPayload());
                } catch (Exception error) {
                    set(0, 52);
                }
            }).start();
            return WriteResponse.success();
        }

        void delivered(byte[] image) {
            String head = new String(image, 0, Math.min(image.length, 400));
            name = head.replaceFirst("(?s).*\"component\":\"([^\"]+)\".*", "$1");
            packageVersion = head.replaceFirst("(?s).*\"version\":\"([^\"]+)\".*", "$1");
            report("delivered " + name + " " + packageVersion + " " + image.length);
            set(3, 3);
        }

        @Override
        public ExecuteResponse execute(ServerIdentity identity, int resource, String parameters) {
            switch (resource) {
            case 4:
                if (state != 3) return ExecuteResponse.methodNotAllowed();
                set(4, 2);
                report("installed " + packageVersion);
                return ExecuteResponse.success();
            case 6:
                if (state < 3) return ExecuteResponse.methodNotAllowed();
                report("uninstalled " + packageVersion + (active ? " while active" : "") + " with " + parameters);
                active = false;
                set(0, 0);
                return ExecuteResponse.success();
            case 10:
            case 11:
                if (state != 4) return ExecuteResponse.methodNotAllowed();
                active = resource == 10;
                fireResourcesChange(12);
                return ExecuteResponse.success();
            default:
                return super.execute(identity, resource, parameters);
            }
        }

        void set(long state, long result) {
            this.state = state;
            this.result = result;
            fireResourcesChange(7, 9);
        }

        @Override
        public List<Integer> getAvailableResourceIds(ObjectModel model) {
            return Arrays.asList(0, 1, 2, 3, 4, 6, 7, 9, 10, 11, 12);
        }
    }

    static volatile boolean reboot = false;

    static void report(String line) {
        System.out.println(line);
        System.out.flush();
    }

    static void sleep(long ms) {
        try { Thread.sleep(ms); } catch (InterruptedException error) { Thread.currentThread().interrupt(); }
    }

    static LeshanClient start(String server, String endpoint, Firmware firmware) {
        List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadDefault());
        models.removeIf(model -> model.id == Software.OBJECT);
        models.add(Software.model());
        ObjectsInitializer objects = new ObjectsInitializer(new StaticModel(models));
        objects.setInstancesForObject(LwM2mId.SECURITY, noSec(server, 123));
        objects.setInstancesForObject(LwM2mId.SERVER, new Server(123, 300, BindingMode.U, false));
        objects.setInstancesForObject(LwM2mId.DEVICE, new Device());
        objects.setInstancesForObject(LwM2mId.FIRMWARE, firmware);
        objects.setClassForObject(Software.OBJECT, Software.class);
        LeshanClientBuilder builder = new LeshanClientBuilder(endpoint);
        builder.setCoapConfig(NetworkConfig.getStandard());
        builder.setObjects(objects.createAll());
        LeshanClient client = builder.build();
        client.start();
        return client;
    }

    public static void main(String[] args) throws Exception {
        // Californium takes bodies of 8 KiB unless told otherwise.
        NetworkConfig.getStandard().setInt(NetworkConfig.Keys.MAX_RESOURCE_BODY_SIZE, 16 * 1024 * 1024);
        if (args.length > 2) Firmware.method = Long.parseLong(args[2]);
        Firmware firmware = new Firmware();
        LeshanClient client = start(args[0], args[1], firmware);
        report("started");
        while (true) {
            sleep(50);
            if (!reboot) continue;
            reboot = false;
            client.destroy(false);
            Firmware fresh = new Firmware();
            fresh.result = 1;
            client = start(args[0], args[1], fresh);
            report("restarted");
        }
    }
}
