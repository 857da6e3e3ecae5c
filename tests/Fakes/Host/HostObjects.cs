namespace Guestplane.Tests.Fakes;

/// <summary>Maps interfaces to classes.</summary>
internal static class HostObjects
{
    public static HostObject Create(HostClient client, InterfaceModel model, uint id, int version) => model.Name switch
    {
        "wl_display" => new HostDisplay(client, model, id, version),
        "wl_registry" => new HostRegistry(client, model, id, version),
        "wl_region" => new HostRegion(client, model, id, version),
        "wl_surface" => new HostSurface(client, model, id, version),
        "wl_subcompositor" => new HostSubcompositor(client, model, id, version),
        "wl_subsurface" => new HostSubsurface(client, model, id, version),
        "wl_output" => new HostOutput(client, model, id, version),
        "zxdg_output_manager_v1" => new HostOutputManager(client, model, id, version),
        "wl_seat" => new HostSeat(client, model, id, version),
        "wl_pointer" => new HostPointer(client, model, id, version),
        "wl_keyboard" => new HostKeyboard(client, model, id, version),
        "wl_touch" => new HostTouch(client, model, id, version),
        "zwp_pointer_constraints_v1" => new HostPointerConstraints(client, model, id, version),
        "zwp_locked_pointer_v1" => new HostLockedPointer(client, model, id, version),
        "zwp_relative_pointer_manager_v1" => new HostRelativePointerManager(client, model, id, version),
        "zwp_relative_pointer_v1" => new HostRelativePointer(client, model, id, version),
        "zwp_keyboard_shortcuts_inhibit_manager_v1" => new HostShortcutsInhibitManager(client, model, id, version),
        "zwp_keyboard_shortcuts_inhibitor_v1" => new HostShortcutsInhibitor(client, model, id, version),
        "zwp_tablet_manager_v2" => new HostTabletManager(client, model, id, version),
        "zwp_tablet_seat_v2" => new HostTabletSeat(client, model, id, version),
        "zwp_tablet_tool_v2" => new HostTabletTool(client, model, id, version),
        "zwp_tablet_v2" or "zwp_tablet_pad_v2" or "zwp_tablet_pad_group_v2" or "zwp_tablet_pad_ring_v2"
            or "zwp_tablet_pad_strip_v2" => new HostTabletPart(client, model, id, version),
        "wl_data_device_manager" or "zwp_primary_selection_device_manager_v1" => new HostSelectionManager(client, model, id, version),
        "wl_data_device" or "zwp_primary_selection_device_v1" => new HostSelectionDevice(client, model, id, version),
        "wl_data_source" or "zwp_primary_selection_source_v1" => new HostSource(client, model, id, version),
        "wl_data_offer" or "zwp_primary_selection_offer_v1" => new HostOffer(client, model, id, version),
        "xdg_activation_token_v1" => new HostActivationToken(client, model, id, version),
        "wl_shm" => new HostShm(client, model, id, version),
        "wl_shm_pool" => new HostShmPool(client, model, id, version),
        "wl_buffer" => new HostWlBuffer(client, model, id, version),
        "xdg_wm_base" => new HostWmBase(client, model, id, version),
        "xdg_surface" => new HostXdgSurface(client, model, id, version),
        "xdg_toplevel" => new HostToplevel(client, model, id, version),
        "zwp_linux_dmabuf_v1" => new HostDmabuf(client, model, id, version),
        "zwp_linux_buffer_params_v1" => new HostDmabufParams(client, model, id, version),
        "zwp_linux_dmabuf_feedback_v1" => new HostDmabufFeedback(client, model, id, version),
        "wp_viewporter" => new HostViewporter(client, model, id, version),
        "wp_viewport" => new HostViewport(client, model, id, version),
        "wp_color_representation_manager_v1" => new HostColorManager(client, model, id, version),
        "wp_color_representation_surface_v1" => new HostColorSurface(client, model, id, version),
        "wp_presentation" => new HostPresentation(client, model, id, version),
        "wp_presentation_feedback" => new HostPresentationFeedback(client, model, id, version),
        "wp_single_pixel_buffer_manager_v1" => new HostSinglePixel(client, model, id, version),
        _ => new HostObject(client, model, id, version),
    };
}
